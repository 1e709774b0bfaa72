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

    // An administrator ends the session; the next thing done finds out, if the page
    // has not by itself.
    complaints.expect(/401/);
    await choose(page, "checkbox", /I confirm/);
    await page.getByRole("button", { name: "Record the outcome" }).click();
    const confirm = page.getByRole("button", { name: "Record Not matched" });
    await confirm.waitFor();
    await hub.rest("POST", "/v1/sessions:end", { person: officer }, "admin.administrator");
    await confirm.click({ timeout: 5_000 }).catch(() => undefined);
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

/** Two minutes before a session ends one is told, and may go on (WCAG 2.2.1). */
export const warned: Task = {
  name: "an officer is warned before the session ends, and stays signed in",
  async run({ open }) {
    const page = await open("/");
    await page.getByRole("heading", { name: "Team queue" }).waitFor();
    let soon = true;
    await page.route("**/session", async (r) => {
      const answer = await r.fetch();
      const said = (await answer.json()) as { now: string; idle_ends_at: string };
      if (soon) said.idle_ends_at = new Date(Date.parse(said.now) + 90_000).toISOString();
      await r.fulfill({ response: answer, json: said });
    });
    await page.getByText("You will be signed out soon").waitFor();
    await look(page, "session-ends-soon");
    soon = false;
    const used = page.waitForResponse("**/WhoAmI");
    await page.getByRole("button", { name: "Stay signed in" }).click();
    must((await used).ok(), "the session was not used");
    await page.getByText("You will be signed out soon").waitFor({ state: "detached" });
  },
};
