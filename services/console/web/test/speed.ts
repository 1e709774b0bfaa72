import type { Browser } from "playwright-core";
import { profile, signIn } from "./browser.js";
import type { Hub } from "./hub.js";

const views = 20;

/**
 * How long the queue takes to stand on the screen, from asking for its address to
 * its first row, in milliseconds. The browser keeps the script, as an officer's does
 * all day; the first one, which loads it, counts too.
 */
export async function firstViews(browser: Browser, hub: Hub): Promise<number[]> {
  await hub.lodgeSearch("speed-1");
  const { context } = await profile(browser, hub.origin);
  const page = await signIn(context);
  await page.close();
  const times: number[] = [];
  for (let i = 0; i < views; i++) {
    const view = await context.newPage();
    await view.goto("/queue");
    const time = await view.waitForFunction(() => document.querySelector("tbody th a") !== null && performance.now());
    times.push(Number(await time.jsonValue()));
    await view.close();
  }
  await context.close();
  return times;
}
