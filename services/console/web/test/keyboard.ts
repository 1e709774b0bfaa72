import type { Page } from "playwright-core";

/** The accessible role and name of what has the focus, near enough to tell controls apart. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const e = document.activeElement;
    if (!e || e === document.body) return "";
    const label = e instanceof HTMLInputElement || e instanceof HTMLTextAreaElement || e instanceof HTMLSelectElement ? e.labels?.[0]?.textContent : undefined;
    return (e.getAttribute("aria-label") ?? label ?? e.textContent ?? "").trim();
  });

/** Presses Tab until what has the focus is named so; a control that Tab does not reach fails. */
export async function tabTo(page: Page, name: string | RegExp, most = 120) {
  const seen: string[] = [];
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    const now = await focused(page);
    if (typeof name === "string" ? now.startsWith(name) : name.test(now)) {
      await visiblyFocused(page, now);
      return;
    }
    seen.push(now.slice(0, 40));
  }
  throw new Error(`Tab does not reach ${name}; it reached ${seen.slice(-40).join(" | ")}`);
}

/** Focus must be seen (WCAG 2.4.7) and not hidden behind something (2.4.11). */
async function visiblyFocused(page: Page, name: string) {
  const shown = await page.evaluate(() => {
    const e = document.activeElement as HTMLElement;
    const box = e.getBoundingClientRect();
    const outlined = (x: Element | null) => x !== null && (getComputedStyle(x).outlineStyle !== "none" || getComputedStyle(x).boxShadow !== "none");
    // Check boxes and radios show the focus on what is drawn beside them.
    const ring = outlined(e) || outlined(e.nextElementSibling) || outlined(e.parentElement) || [...(e.parentElement?.querySelectorAll("*") ?? [])].some(outlined);
    return ring && box.bottom > 0 && box.top < innerHeight;
  });
  if (!shown) throw new Error(`the focus on "${name}" is not to be seen`);
}
