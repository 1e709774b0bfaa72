import { look } from "../axe.js";
import { launch } from "../browser.js";
import { liveUpdates } from "../speed.js";
import { must, type Task } from "../task.js";

/** What another officer does stands in the row within a second. */
export const live: Task = {
  name: "a change by another officer shows within a second",
  async run({ hub }) {
    await hub.lodgeSearch("live-speed");
    const browser = await launch();
    try {
      // A busy machine may hold one up; what is slow by itself is slow each time.
      let times: number[] = [];
      for (let round = 0; round < 3 && (times.length === 0 || Math.max(...times) > 1_000); round++) times = await liveUpdates(browser, hub.origin);
      must(Math.max(...times) <= 1_000, `updates took ${times.map(Math.round).join(", ")} ms`);
    } finally {
      await browser.close();
    }
  },
};

/** The stream is lost, and found again; nothing stands still meanwhile. */
export const lost: Task = {
  name: "when the stream is lost the page asks every second, and goes back to the stream",
  async run({ hub, open, context, complaints }) {
    complaints.expect(/ERR_FAILED|ERR_CONNECTION|Failed to load resource/);
    const id = await hub.lodgeSearch("lost-1");
    await context.route("**/WatchQueue", (r) => r.abort());
    const page = await open("/queue?order=newest");
    const row = page.getByRole("row", { name: /lost-1/ });
    await row.waitFor();
    await page.getByText("Every second", { exact: true }).waitFor();
    await look(page, "queue-polling");
    // The first counts are what later ones are compared with.
    for (let i = 0; i < 2; i++) await page.waitForResponse("**/CountQueue");
    await page.waitForTimeout(1_500);
    await page.mouse.move(300, 310);
    await hub.rest("POST", `/v1/queue/${id}:claim`, {});
    await row.getByText("Held by olive").waitFor();
    await context.unroute("**/WatchQueue");
    await page.mouse.move(300, 320);
    await page.getByText("Live", { exact: true }).waitFor();
    await hub.rest("POST", `/v1/queue/${id}:release`, {});
    await page.getByRole("button", { name: "Claim lost-1 of nt-cp" }).waitFor();

    await page.getByRole("button", { name: "Pause updates" }).click();
    await page.getByText("Paused", { exact: true }).waitFor();
    await look(page, "queue-paused");
    await hub.rest("POST", `/v1/queue/${id}:claim`, {});
    await page.waitForTimeout(1_500);
    must((await row.getByText("Held by olive").count()) === 0, "a paused page changed");
    await page.reload();
    await page.getByText("Paused", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Resume updates" }).click();
    await row.getByText("Held by olive").waitFor();
    await hub.rest("POST", `/v1/queue/${id}:release`, {});
  },
};

/** Browsers open six connections to a host: streams must not use them up. */
export const windows: Task = {
  name: "two windows keep streams, the others ask every second, and all can act",
  async run({ hub, open, context }) {
    await hub.lodgeSearch("windows-1");
    const pages = [await open("/queue?order=newest")];
    for (let i = 0; i < 3; i++) {
      const page = await context.newPage();
      await page.goto("/queue?order=newest");
      pages.push(page);
    }
    // Headless windows all count as seen: each keeps what it was given.
    for (const page of pages) {
      await page.bringToFront();
      await page.mouse.move(300, 300);
      await page.getByRole("button", { name: /windows-1 of nt-cp/ }).waitFor();
      await page.getByText(/^(Live|Every second)$/).waitFor();
    }
    // A window that just missed the lock asks for it again a little later.
    let streams = 0;
    for (let i = 0; i < 60 && streams < 2; i++) {
      await pages[0]!.waitForTimeout(1_000);
      streams = (await Promise.all(pages.map((page) => page.getByText("Live", { exact: true }).isVisible()))).filter(Boolean).length;
      must(streams <= 2, `${streams} windows hold a stream`);
    }
    must(streams === 2, `${streams} windows hold a stream`);
    const last = pages.at(-1)!;
    await last.getByRole("button", { name: "Claim windows-1 of nt-cp" }).click();
    for (const page of pages) await page.getByRole("button", { name: "Release windows-1 of nt-cp" }).waitFor();
    await last.getByRole("button", { name: "Release windows-1 of nt-cp" }).click();
    for (const page of pages.slice(0, 2)) await page.close();
    await last.getByText("Live", { exact: true }).waitFor();
  },
};
