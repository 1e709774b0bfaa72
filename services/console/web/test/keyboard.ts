import type { Page } from "playwright-core";
import { until } from "./until.js";

/** The names of what has the focus, or of all that a selector finds, near enough to tell controls apart. */
const names = (page: Page, all?: string) =>
  page.evaluate(
    (selector) =>
      (selector ? [...document.querySelectorAll(selector)] : [document.activeElement]).map((e) => {
        if (!e || e === document.body) return "";
        const label = e instanceof HTMLInputElement || e instanceof HTMLTextAreaElement || e instanceof HTMLSelectElement ? e.labels?.[0]?.textContent : undefined;
        return (e.getAttribute("aria-label") ?? label ?? e.textContent ?? "").trim();
      }),
    all,
  );

/** Presses Tab until what has the focus is named so; a control that Tab does not reach fails. */
export async function tabTo(page: Page, name: string | RegExp, most = 120) {
  const fits = (now: string) => (typeof name === "string" ? now.startsWith(name) : name.test(now));
  // On a slow machine the hand is quicker than the screen: people wait for the control too.
  await until(`there is no ${name}`, async () => (await names(page, "a, button, input, select, textarea, summary, [tabindex]")).some(fits));
  const seen: string[] = [];
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    const [now = ""] = await names(page);
    if (fits(now)) {
      await visiblyFocused(page, now);
      return;
    }
    seen.push(now.slice(0, 40));
  }
  throw new Error(`Tab does not reach ${name}; it reached ${seen.slice(-40).join(" | ")}`);
}

/** Waits for what a screen does with the focus once it is drawn. */
export async function focusIs(page: Page, what: { tag?: string; id?: string; text?: string }, words: string) {
  const found = ({ tag, id, text }: typeof what) => {
    const e = document.activeElement;
    return e !== null && (!tag || e.tagName === tag) && (!id || e.id === id) && (!text || e.textContent === text);
  };
  await page.waitForFunction(found, what, { timeout: 10_000 }).catch(() => {
    throw new Error(words);
  });
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
