import { choose } from "../choose.js";
import { look } from "../axe.js";
import { must, type Task } from "../task.js";

/** Somebody else acts while the form is open. */
export const conflict: Task = {
  name: "an officer is told who acted first, and keeps the text",
  async run({ hub, open, complaints }) {
    complaints.expect(/409|ABORTED/);
    const id = await hub.lodgeSearch("conflict-1");
    const page = await open(`/submissions/${id}`);
    await page.getByRole("button", { name: "Claim" }).click();
    await choose(page, "radio", "Not matched");
    const note = page.getByRole("textbox", { name: "Note", exact: true });
    await note.fill("I looked too.");
    await choose(page, "checkbox", /I confirm/);
    await hub.cli("queue", "assign", id, "--to", "olive", "--reason", "Olive knows the case", "--as", "gray", "--roles", "supervisor");
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Not matched" }).click();
    await page.getByText("Somebody else acted first").waitFor();
    await page.getByText("The entry is held by olive").waitFor();
    must((await note.inputValue()) === "I looked too.", "the text was lost");
    await look(page, "submission-conflict");
    await page.getByRole("button", { name: /See what it is now/ }).click();
    await page.getByText("olive holds this entry").waitFor();
    await look(page, "submission-held-by-another");
  },
};

/** Clicks that come twice. */
export const once: Task = {
  name: "a double click sends once",
  async run({ hub, open }) {
    const id = await hub.lodgeSearch("double-1");
    const page = await open("/queue#reference=double-1");
    const sent: string[] = [];
    page.on("request", (r) => r.method() === "POST" && sent.push(r.url().split("/").pop() ?? ""));
    await page.getByRole("button", { name: "Claim double-1 of nt-cp" }).dblclick();
    await page.getByRole("button", { name: "Release double-1 of nt-cp" }).waitFor();
    await page.getByRole("link", { name: "double-1" }).click();
    await choose(page, "radio", "Not matched");
    await page.getByRole("textbox", { name: "Note", exact: true }).fill("Done once.");
    await choose(page, "checkbox", /I confirm/);
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Not matched" }).dblclick();
    await page.getByText("Recorded: Not matched").waitFor();
    for (const [call, most] of [["Claim", 1], ["RecordOutcome", 1]] as const) {
      const n = sent.filter((x) => x === call).length;
      must(n === most, `${call} was sent ${n} times`);
    }
    const shown = await hub.rest<{ notes: unknown[] }>("GET", `/v1/queue/${id}`);
    must(shown.notes.length === 1, `there are ${shown.notes.length} notes`);
  },
};

/** News is told; rows hold still. */
export const news: Task = {
  name: "new entries are counted and no row moves under the cursor",
  async run({ hub, open }) {
    const first = await hub.lodgeSearch("news-1");
    const page = await open("/queue?order=newest");
    await page.getByRole("row", { name: /news-1/ }).waitFor();
    const order = () => page.locator("tbody th a").allTextContents();
    await page.mouse.move(300, 300);
    await page.getByText("Live", { exact: true }).waitFor(); // the first counts are what later ones are compared with
    await page.waitForTimeout(2_000);
    const before = await order();
    await hub.lodgeSearch("news-2");
    await hub.cli("queue", "claim", first, "--as", "olive");
    await page.getByText("1 new").waitFor();
    await page.getByRole("row", { name: /news-1/ }).getByText("Held by olive").waitFor();
    must(JSON.stringify(await order()) === JSON.stringify(before), "rows moved");
    await look(page, "queue-news");
    await page.getByRole("button", { name: "Load the list again" }).click();
    await page.getByRole("row", { name: /news-2/ }).waitFor();
    must((await order())[0] === "news-2", "the new entry is not first");
    await page.getByText("1 new").waitFor({ state: "detached" });
  },
};
