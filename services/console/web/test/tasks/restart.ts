import { choose } from "../choose.js";
import { look } from "../axe.js";
import { must, type Task } from "../task.js";

/** The hub goes away in the middle of the work and comes back. */
export const restart: Task = {
  name: "the hub is killed while an officer writes, and the outcome is recorded once it is back",
  async run({ hub, open, complaints }) {
    complaints.expect(/ERR_|Failed to load resource|Failed to fetch|status of 5/);
    const id = await hub.lodgeSearch("restart-1");
    const page = await open(`/submissions/${id}`);
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", "Not matched");
    const note = page.getByRole("textbox", { name: "Note", exact: true });
    await note.fill("Nobody in the index.");
    await choose(page, "checkbox", /I confirm/);
    await hub.kill();
    try {
      await page.getByRole("button", { name: "Record the outcome" }).click();
      await page.getByRole("button", { name: "Record Not matched" }).click();
      await page.getByText("The hub does not answer").first().waitFor();
      must((await note.inputValue()) === "Nobody in the index.", "the text was lost");
      await look(page, "submission-hub-away");
    } finally {
      await hub.again();
    }
    const dialog = page.getByRole("button", { name: "Record Not matched" });
    if (!(await dialog.isVisible())) await page.getByRole("button", { name: "Record the outcome" }).click();
    await dialog.click();
    await page.getByText("Recorded: Not matched").waitFor();
    const shown = await hub.rest<{ notes: unknown[]; summary: { status: string } }>("GET", `/v1/queue/${id}`);
    must(shown.notes.length === 1 && shown.summary.status === "SUBMISSION_STATUS_PROCESSED", `there are ${shown.notes.length} notes, and it is ${shown.summary.status}`);
  },
};
