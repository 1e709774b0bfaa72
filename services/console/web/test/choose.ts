import type { Page } from "playwright-core";

/** Clicks a radio or a check box as people do, on its label: what is drawn lies over the control. */
export async function choose(page: Page, role: "radio" | "checkbox", name: string | RegExp) {
  const control = page.getByRole(role, typeof name === "string" ? { name, exact: true } : { name });
  await control.locator("xpath=ancestor::label").click();
  if (!(await control.isChecked())) throw new Error(`${name} is not chosen`);
}
