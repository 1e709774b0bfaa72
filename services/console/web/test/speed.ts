import type { Browser, Page } from "playwright-core";
import { profile, signIn } from "./browser.js";
import { rest } from "./rest.js";

const views = 20;
const pages = 40;
const changes = 20;

/** Waits until the list shows other rows than before, painted, and returns the page's own time. */
const painted = (page: Page, before: string | null) =>
  page
    .waitForFunction(
      (old) => {
        const row = document.querySelector("tbody th a");
        return row === null || row.getAttribute("href") === old ? 0 : new Promise<number>((done) => requestAnimationFrame(() => done(performance.now())));
      },
      before,
      { polling: "raf" },
    )
    .then((handle) => handle.jsonValue());

/**
 * How long the queue takes to stand on the screen, from asking for its address to
 * its first row, in milliseconds. The browser keeps the script, as an officer's does
 * all day; the first one, which loads it, counts too.
 */
export async function firstViews(browser: Browser, origin: string): Promise<number[]> {
  const { context } = await profile(browser, origin);
  await (await signIn(context)).close();
  const times: number[] = [];
  for (let i = 0; i < views; i++) {
    const view = await context.newPage();
    await view.goto("/queue");
    times.push(await painted(view, null));
    await view.close();
  }
  await context.close();
  return times;
}

/**
 * How long the next page of the queue takes, from the click to its first row being
 * painted, in milliseconds: through the whole queue, and through one authority's.
 */
export async function queuePages(browser: Browser, origin: string): Promise<number[]> {
  const { context } = await profile(browser, origin);
  const page = await signIn(context, undefined, "/queue");
  const times: number[] = [];
  for (const list of ["/queue", "/queue?authority=auth-001", "/queue?reason=NO_MATCH&order=newest", "/queue?type=NOTICE_TO_COMMENCE"]) {
    await page.goto(list);
    let first = await page.locator("tbody th a").first().getAttribute("href");
    for (let i = 0; i < pages / 4; i++) {
      const next = page.getByRole("button", { name: "Next page" });
      await next.waitFor();
      // The click's own time is the page's, so that the test's way to the browser does not count.
      const clicked = page.evaluate(() => new Promise<number>((done) => addEventListener("click", (e) => done(e.timeStamp), { once: true, capture: true })));
      const shown = painted(page, first);
      await next.click();
      times.push((await shown) - (await clicked));
      first = await page.locator("tbody th a").first().getAttribute("href");
    }
  }
  await context.close();
  return times;
}

/**
 * How long a change by another officer takes to stand in the row of whoever looks at
 * the queue, in milliseconds: from the moment the hub has answered that officer.
 */
export async function liveUpdates(browser: Browser, origin: string): Promise<number[]> {
  const { context } = await profile(browser, origin);
  const page = await signIn(context, undefined, "/queue?order=newest");
  const link = page.locator("tbody th a").first();
  const id = (await link.getAttribute("href"))?.split("/").pop();
  const name = await link.textContent();
  await page.getByText("Live", { exact: true }).waitFor();
  const times: number[] = [];
  for (let i = 0; i < changes; i++) {
    await page.mouse.move(300, 300 + i); // somebody is at the window
    const claimed = i % 2 === 0;
    const shown = page.waitForFunction(
      ([row, held]) => [...document.querySelectorAll("tbody tr")].some((r) => r.textContent?.includes(row) && r.textContent.includes("Held by olive") === held),
      [name ?? "", claimed] as const,
      { polling: "raf" },
    );
    await rest(origin, "POST", `/v1/queue/${id}:${claimed ? "claim" : "release"}`, {});
    const from = performance.now();
    await shown;
    times.push(performance.now() - from);
  }
  await context.close();
  return times;
}
