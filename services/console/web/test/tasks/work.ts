import { choose } from "../choose.js";
import { look } from "../axe.js";
import { must, type Task } from "../task.js";
import { customerOf, inDays } from "./people.js";

/** Everything short of deciding, and the return. */
export const setAside: Task = {
  name: "an officer writes a note, sets an entry aside, takes it up again and returns it",
  async run({ hub, open }) {
    const id = await hub.lodgeSearch("aside-1");
    const page = await open(`/submissions/${id}`);
    await page.getByText("Add a note").click();
    await page.getByRole("textbox", { name: "Note on the submission" }).fill("<b>Called</b> the case worker & left a message");
    await page.getByRole("button", { name: "Add the note" }).click();
    await page.getByText("<b>Called</b> the case worker & left a message").waitFor();
    await page.getByText("Set aside until a date").click();
    await page.getByLabel("Set aside until", { exact: true }).fill(await inDays(hub, 4));
    await page.getByRole("textbox", { name: "Why" }).fill("The case worker is away");
    await page.getByRole("button", { name: "Set it aside" }).click();
    await page.getByText("End setting aside").waitFor();
    await look(page, "submission-set-aside");
    // Set aside by mistake: taken back at once, then set aside again.
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Set aside until a date").waitFor();
    await page.getByLabel("Set aside until", { exact: true }).fill(await inDays(hub, 4));
    await page.getByRole("textbox", { name: "Why" }).fill("The case worker is away");
    await page.getByRole("button", { name: "Set it aside" }).click();
    await page.getByText("End setting aside").waitFor();
    await page.goto("/queue#reference=aside-1");
    await page.getByText("Nothing in the queue matches").waitFor();
    await page.goto("/queue?held=yes#reference=aside-1");
    await page.getByRole("row", { name: /aside-1.*Set aside until/ }).waitFor();
    await page.getByRole("link", { name: "aside-1" }).click();
    await page.getByText("End setting aside").click();
    await page.getByRole("textbox", { name: "Why" }).fill("Back early");
    await page.getByRole("button", { name: "Put it back in the queue" }).click();
    await page.getByText("Set aside until a date").waitFor();
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", /Return to the authority/);
    await page.getByRole("textbox", { name: "Note", exact: true }).fill("The name is missing.");
    await page.getByRole("textbox", { name: "Text for the authority" }).fill("Lodge it again with the given name.");
    await choose(page, "checkbox", /I confirm/);
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Return it" }).click();
    await page.getByText("Recorded: Returned").waitFor();
    must((await page.getByText("Nobody, None").count()) === 0, "the text of a returned submission is still shown");
  },
};

/** A search with uncertain candidates: compared side by side, one chosen. */
export const match: Task = {
  name: "an officer compares the candidates of a search and records the right one",
  async run({ hub, open }) {
    // The CRN of one customer with the particulars of another: both may be meant.
    const [c, other] = [await customerOf(hub, "200000007S"), await customerOf(hub, "200000020V")];
    await hub.cli("submit", "--as", "nt-cp", "--type", "find-mutual-client", "--family", other.name.familyName, "--given", other.name.givenName, "--born", other.dateOfBirth, "--crn", c.crn, "--reference", "match-1");
    const page = await open(`/submissions/${await hub.idOf("match-1")}`);
    await page.getByRole("heading", { name: "Possible matches", exact: true }).waitFor();
    await page.getByRole("columnheader", { name: c.crn }).waitFor();
    await page.getByRole("row", { name: /Date of birth.*(agrees|differs)/ }).waitFor();
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", "Matched");
    await page.getByRole("textbox", { name: "Note", exact: true }).fill("The authority named the wrong person; the CRN is right.");
    await choose(page, "checkbox", /I confirm/);
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("alert").getByText("Choose the customer.").waitFor();
    await choose(page, "radio", new RegExp(c.crn));
    await look(page, "submission-candidates");
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Matched" }).click();
    await page.getByText("Recorded: Matched").waitFor();
  },
};

/** What an officer codes on the register: a notice, then its revocation. */
export const register: Task = {
  name: "an officer codes a notice with another start, and later its revocation",
  async run({ hub, open }) {
    const c = await customerOf(hub, "200000020V");
    const who = ["--crn", c.crn, "--family", c.name.familyName, "--born", c.dateOfBirth];
    await hub.cli("submit", "--as", "frc", "--type", "notice-to-commence", ...who, "--start", await inDays(hub, -30), "--months", "6", "--percent", "75", "--reference", "commence-1");
    const page = await open(`/submissions/${await hub.idOf("commence-1")}`);
    await page.getByText("Start date not possible").first().waitFor();
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", "Commenced");
    await page.getByRole("textbox", { name: "Note", exact: true }).fill("Agreed on today with the case worker.");
    await choose(page, "checkbox", /I confirm/);
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("alert").getByText("Enter the first day of the notice.").waitFor();
    await page.getByLabel("First day of the notice").fill(await inDays(hub, 2));
    await page.getByRole("textbox", { name: "Length in months" }).fill("6");
    await page.getByRole("table", { name: "What will be recorded" }).getByRole("row", { name: /Not there yet.*Waits to start.*Review with the case worker/ }).waitFor();
    await look(page, "submission-commence");
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Commenced" }).click();
    await page.getByText("Recorded: Commenced").waitFor();
    const before = await hub.cli("register", "show", c.crn);
    must(before.includes(await inDays(hub, 2)), `the register has no such notice: ${before}`);
    await hub.cli("clock", "advance", "--days", "4");

    await hub.cli("submit", "--as", "frc", "--type", "notice-to-revoke", ...who, "--reference", "revoke-1");
    await page.goto(`/submissions/${await hub.idOf("revoke-1")}`);
    await page.getByRole("heading", { name: "Notices on the register" }).waitFor();
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", "Revoked");
    await choose(page, "checkbox", /In force/);
    await page.getByRole("textbox", { name: "Note", exact: true }).fill("Formal decision made.");
    await choose(page, "checkbox", /I confirm/);
    await page.getByRole("table", { name: "What will be recorded" }).getByRole("row", { name: /In force.*Changes.*Revoked/ }).waitFor();
    await look(page, "submission-revoke");
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Revoked" }).click();
    await page.getByText("Recorded: Revoked").waitFor();
    await page.getByRole("row", { name: /Revoked/ }).waitFor();
  },
};
