import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { output } from "./axe.js";
import { profile, signIn, type Complaints } from "./browser.js";
import type { Hub } from "./hub.js";

/** What a task has at hand: a hub with real services, and a browser profile of its own. */
export type World = {
  hub: Hub;
  browser: Browser;
  context: BrowserContext;
  complaints: Complaints;
  /** Opens an address as somebody who is signed in. */
  open: (to: string, account?: string) => Promise<Page>;
};

/** Something an officer does, from beginning to end. */
export type Task = { name: string; run: (w: World) => Promise<void> };

export async function perform(task: Task, hub: Hub, browser: Browser): Promise<string | undefined> {
  const { context, complaints } = await profile(browser, hub.origin);
  try {
    await task.run({ hub, browser, context, complaints, open: (to, account) => signIn(context, account, to) });
    return complaints.list.length > 0 ? `the page complained: ${complaints.list.join("; ")}` : undefined;
  } catch (e) {
    for (const [i, page] of context.pages().entries()) await page.screenshot({ path: join(output, `failed-${task.name.replaceAll(/\W+/g, "-")}-${i}.png`), fullPage: true }).catch(() => undefined);
    const text = e instanceof Error ? e.message : String(e);
    return complaints.list.length > 0 ? `${text}; the page complained: ${complaints.list.join("; ")}` : text;
  } finally {
    // An answer that a task still changes on its way must not fail the next task.
    await Promise.all([context, ...context.pages()].map((x) => x.unrouteAll({ behavior: "ignoreErrors" })));
    await context.close();
  }
}

/** Fails with words when something is not so. */
export function must(condition: unknown, words: string): asserts condition {
  if (!condition) throw new Error(words);
}
