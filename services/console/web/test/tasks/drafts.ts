import { choose } from "../choose.js";
import { look } from "../axe.js";
import { chooseAccount, officer } from "../browser.js";
import { must, type Task } from "../task.js";

const words = "Half of a note that must not be lost.";

/** A half-filled form outlives a reload and the end of the session; nobody else sees it. */
export const drafts: Task = {
  name: "what an officer wrote outlives a reload and the end of the session",
  async run({ hub, open, complaints }) {
    const id = await hub.lodgeSearch("draft-1");
    const page = await open(`/submissions/${id}`);
    await page.getByRole("button", { name: "Claim" }).click();
    await choose(page, "radio", "Not matched");
    const note = page.getByRole("textbox", { name: "Note", exact: true });
    await note.fill(words);
    await choose(page, "checkbox", /I confirm/);
    await page.reload();
    await page.getByText("What you had written here was kept").waitFor();
    must((await note.inputValue()) === words, "the note was lost by a reload");
    must(await page.getByRole("radio", { name: "Not matched" }).isChecked(), "the choice was lost by a reload");
    must(!(await page.getByRole("checkbox", { name: /I confirm/ }).isChecked()), "the declaration was kept: it must be made anew");

    // An administrator ends the session; the next thing done finds out.
    complaints.expect(/401/);
    await hub.rest("POST", "/v1/sessions:end", { person: officer }, "admin.administrator");
    await choose(page, "checkbox", /I confirm/);
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Not matched" }).click();
    await page.getByRole("heading", { name: "Your session ended" }).waitFor();
    must((await page.getByText("draft-1").count()) === 0, "the screen still shows the submission to whoever comes by");
    await look(page, "session-ended");
    await page.getByRole("link", { name: "Sign in" }).click();
    await chooseAccount(page, officer);
    await page.getByText("What you had written here was kept").waitFor();
    must((await note.inputValue()) === words, "the note was lost with the session");

    // Another person in the same tab finds nothing of it.
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    must((await page.evaluate(() => Object.keys(sessionStorage).length)) === 0, "a draft outlived signing out");
    await look(page, "signed-out");
  },
};
