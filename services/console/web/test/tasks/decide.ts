import { choose } from "../choose.js";
import { look } from "../axe.js";
import { must, type Task } from "../task.js";

/** Lodged by an authority, found in the queue, claimed, decided, gone. */
export const decide: Task = {
  name: "an officer finds a lodged search, claims it and records the outcome",
  async run({ hub, open }) {
    const id = await hub.lodgeSearch("decide-1");
    await hub.lodgeSearch("decide-2");
    const page = await open("/");
    await page.getByText("You hold no entry").waitFor();
    await page.getByRole("cell", { name: "No match" }).waitFor();
    await look(page, "home");
    await page.getByRole("link", { name: "Nobody holds" }).or(page.getByRole("link", { name: "See them, oldest first" })).first().click();
    const row = page.getByRole("row", { name: /decide-1/ });
    await row.waitFor();
    await look(page, "queue");
    await row.getByRole("button", { name: "Claim decide-1 of nt-cp" }).click();
    await row.getByRole("button", { name: "Release decide-1 of nt-cp" }).waitFor();
    await row.getByRole("link", { name: "decide-1" }).click();
    await page.getByRole("heading", { level: 1, name: "Find mutual client decide-1" }).waitFor();
    await page.getByText("Make an index search").waitFor();
    await page.getByText("Nobody, None").waitFor();
    await look(page, "submission-claimed");

    // A form that is not complete says what is missing, and sends nothing.
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("alert").getByText("Choose what you decided.").waitFor();
    await look(page, "submission-form-problems");

    await choose(page, "radio", "Not matched");
    // Key by key: what was told of the form's problems must not take the focus again.
    const note = page.getByRole("textbox", { name: "Note", exact: true });
    await note.click();
    await page.keyboard.type("Index search with other spellings: nobody.");
    must((await note.inputValue()).endsWith("nobody."), "the note lost the focus while it was written");
    await choose(page, "checkbox", /I confirm/);
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("dialog").waitFor();
    await look(page, "submission-confirm");
    await page.getByRole("button", { name: "Record Not matched" }).click();
    await page.getByText("Recorded: Not matched").waitFor();
    await page.getByText("Outcome recorded, by contact-officer.avery (you)").waitFor();
    await look(page, "submission-decided");

    await page.getByRole("link", { name: "Go on with the queue" }).click();
    await page.getByRole("row", { name: /decide-2/ }).waitFor();
    must((await page.getByRole("row", { name: /decide-1/ }).count()) === 0, "a decided submission is still in the queue");
    const told = await hub.cli("queue", "show", id);
    must(/NOT_MATCHED/.test(told), `the hub does not know of the outcome: ${told.slice(0, 300)}`);
  },
};
