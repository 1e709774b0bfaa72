import { choose } from "../choose.js";
import { look } from "../axe.js";
import { locked } from "../database.js";
import type { Hub } from "../hub.js";
import { must, type Task } from "../task.js";
import { until } from "../until.js";

type Shown = { summary: { heldBy?: string } };

/** How often something was done to a submission, by the audit log. */
async function times(hub: Hub, action: string, id: string): Promise<number> {
  const { entries = [] } = await hub.rest<{ entries?: unknown[] }>("POST", "/v1/audit/entries:search", { action, object: `submission/${id}` }, "harper.auditor");
  return entries.length;
}

/**
 * The hub is lost while half of the entries are claimed: those were on the disk, the
 * others not. The database holds the second half back, so that it is always half.
 */
export const cut: Task = {
  name: "a claim of many entries that was cut off in the middle goes on, and claims each once",
  async run({ hub, open, complaints }) {
    complaints.expect(/ERR_|Failed to load resource|Failed to fetch|status of 5/);
    const ids: string[] = [];
    for (let n = 1; n <= 8; n++) ids.push(await hub.lodgeSearch(`cut-${n}`));
    const shown = () => Promise.all(ids.map((id) => hub.rest<Shown>("GET", `/v1/queue/${id}`)));
    const page = await open("/queue?order=newest");
    for (let n = 1; n <= 8; n++) await choose(page, "checkbox", `Select cut-${n} of nt-cp`);
    // They are claimed in the order of the list: the older half comes last.
    const back = ids.slice(0, 4).map((id) => `'${id}'`);
    const free = await locked(hub, `SELECT FROM autoprocessing.submission WHERE id IN (${back.join()}) FOR UPDATE`);
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await page.getByText("Claiming: 4 of 8").waitFor().catch(async (e: unknown) => {
      await free();
      throw e;
    });
    await hub.kill();
    try {
      await page.getByText("The answer was cut off after 4 of 8").waitFor();
      await look(page, "queue-act-cut");
    } finally {
      await free();
      await hub.again();
    }
    const half = (await shown()).map((s) => s.summary.heldBy ?? "");
    must(half.every((by, i) => (by !== "") === (i >= 4)), `held are ${half.join(", ")}`);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("Claimed: 8 of 8").waitFor();
    await look(page, "queue-act-gone-on");
    await page.getByRole("button", { name: "Undo: release 8" }).click();
    await page.getByText("Released: 8 of 8").waitFor();
    await page.getByRole("button", { name: "Dismiss" }).click();
    // The log is in order: once a release stands in it, so do all claims before.
    for (const id of ids) {
      await until("the release is not in the audit log", async () => (await times(hub, "queue.released", id)) > 0);
      const claims = await times(hub, "queue.claimed", id);
      must(claims === 1, `an entry was claimed ${claims} times`);
    }
  },
};
