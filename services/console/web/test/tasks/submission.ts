import { choose } from "../choose.js";
import { look } from "../axe.js";
import { profile, signIn } from "../browser.js";
import { must, type Task } from "../task.js";
import { changeRecord, crnOf, customerOf, identityOf, inDays } from "./people.js";

/** A disclosure whose criteria an officer has to confirm, one by one. */
export const disclosure: Task = {
  name: "an officer checks each criterion of a disclosure before recording that the customer is eligible",
  async run({ hub, open }) {
    await changeRecord(hub, crnOf(101), { payments: [] });
    await hub.cli("submit", "--as", "nt-cp", "--type", "disclosure", ...(await identityOf(hub, crnOf(101))), "--reference", "criteria-1");
    const page = await open(`/submissions/${await hub.idOf("criteria-1")}`);
    await page.getByText("Eligibility without result").first().waitFor();
    await page.getByRole("row", { name: /category A payment.*Failed/ }).waitFor();
    await page.getByText("The facts decision 1 was made on").click();
    await page.getByText("Customer: found").waitFor();
    await look(page, "submission-trace-facts");
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", "Eligible");
    await page.getByRole("textbox", { name: "Note", exact: true }).fill("A payment was granted today and is not on the record yet.");
    await choose(page, "checkbox", /I confirm/);
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("alert").getByText("5 criteria are not checked yet.").waitFor();
    await look(page, "submission-criteria-missing");
    const criteria = page.getByRole("group", { name: /Criteria of eligibility/ });
    for (const box of await criteria.getByRole("checkbox").all()) await box.locator("xpath=ancestor::label").click();
    await page.reload();
    await page.getByText("What you had written here was kept").waitFor();
    must((await criteria.getByRole("checkbox", { checked: true }).count()) === 5, "what was checked is lost by a reload");
    await choose(page, "checkbox", /I confirm/);
    await look(page, "submission-criteria");
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Eligible" }).click();
    await page.getByText("Recorded: Eligible").waitFor();
  },
};

/** A notice asked for while the current one runs on: a continuation, with the register before and after. */
export const continuation: Task = {
  name: "an officer codes a continuation and sees the register before and after",
  async run({ hub, open }) {
    const who = await identityOf(hub, crnOf(102), "NT");
    const today = await inDays(hub, 0);
    const lodge = (reference: string) => hub.cli("submit", "--as", "nt-cp", "--type", "notice-to-commence", ...who, "--start", today, "--months", "6", "--reference", reference);
    await lodge("running-1");
    await lodge("continue-1");
    const page = await open(`/submissions/${await hub.idOf("continue-1")}`);
    await page.getByText("Current notice not ending").first().waitFor();
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", "Extended");
    const after = page.getByRole("table", { name: "What will be recorded" });
    await after.getByRole("row", { name: /continuation.*Not there yet.*Waits to start.*Review with the case worker/ }).waitFor();
    await after.getByRole("row", { name: /In force.*No change/ }).waitFor();
    // The same start as the current notice: the preview says that it cannot be.
    await choose(page, "radio", "Commenced");
    await page.getByLabel("First day of the notice").fill(await inDays(hub, 3));
    await page.getByText(/It overlaps the notice from/).waitFor();
    await look(page, "submission-commence-overlap");
    await choose(page, "radio", "Extended");
    await page.getByRole("textbox", { name: "Length in months" }).fill("3");
    await page.getByRole("textbox", { name: "Note", exact: true }).fill("The case worker wants the current notice extended by three months.");
    await choose(page, "checkbox", /I confirm/);
    await look(page, "submission-continue");
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Extended" }).click();
    await page.getByText("Recorded: Extended").waitFor();
    await page.getByRole("row", { name: /Waits to start \(continuation\)/ }).waitFor();
    must((await hub.cli("register", "show", crnOf(102))).includes("INACTIVE"), "the register has no continuation");
  },
};

/** What the hub alone can find wrong is told beside its field. */
export const refusedField: Task = {
  name: "what the hub does not take is told beside its field, and can be put right",
  async run({ hub, open, complaints }) {
    complaints.expect(/status of 400 .*RecordOutcome/);
    const who = await identityOf(hub, crnOf(103), "NT");
    await hub.cli("submit", "--as", "nt-cp", "--type", "notice-to-commence", ...who, "--start", await inDays(hub, -3), "--months", "6", "--reference", "field-1");
    const page = await open(`/submissions/${await hub.idOf("field-1")}`);
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", "Commenced");
    await page.getByLabel("First day of the notice").fill(await inDays(hub, 1));
    await page.getByRole("textbox", { name: "Length in months" }).fill("5");
    await page.getByRole("textbox", { name: "Note", exact: true }).fill("Agreed with the case worker.");
    await choose(page, "checkbox", /I confirm/);
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Commenced" }).click();
    await page.getByText("The hub did not take it as it stands").waitFor();
    must(await page.getByRole("textbox", { name: "Length in months" }).getAttribute("aria-invalid"), "the field is not marked");
    await look(page, "submission-field-refused");
    await page.getByRole("textbox", { name: "Length in months" }).press("Control+A");
    await page.keyboard.type("6");
    must((await page.getByRole("textbox", { name: "Length in months" }).inputValue()) === "6", "the field lost the focus while it was put right");
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Commenced" }).click();
    await page.getByText("Recorded: Commenced").waitFor();
  },
};

/** A referral is noted: nothing but a note and the declaration. */
export const referral: Task = {
  name: "an officer notes a voluntary referral",
  async run({ hub, open }) {
    const who = await identityOf(hub, crnOf(104), "NT");
    await hub.cli("submit", "--as", "nt-cp", "--type", "voluntary-referral", ...who, "--text", "The customer asks for it.", "--reference", "referral-1");
    const page = await open(`/submissions/${await hub.idOf("referral-1")}`);
    await page.getByText("Declaration required").first().waitFor();
    await page.getByText("The customer asks for it.").waitFor();
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    // A claim made by mistake is taken back at once.
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", "Referral noted");
    await page.getByRole("textbox", { name: "Note", exact: true }).fill("Noted. No follow-up unless the customer makes contact.");
    await page.getByRole("textbox", { name: "Text for the authority" }).fill("Thank you.");
    await page.getByText("10 of 1,000 characters").waitFor();
    await choose(page, "checkbox", /I confirm/);
    await look(page, "submission-referral");
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Referral noted" }).click();
    await page.getByText("Recorded: Referral noted").waitFor();
    await page.getByText("Nothing: it is decided.").waitFor();
    await page.getByRole("button", { name: "Show the newest first" }).click();
    await page.getByRole("listitem").filter({ hasText: "Noted. No follow-up" }).first().waitFor();
    await look(page, "submission-timeline");
  },
};

/** Somebody else acts: the page says so by itself, and the form stays. */
export const stale: Task = {
  name: "an officer is told when somebody else takes the entry, and loses no text",
  async run({ hub, open }) {
    const id = await hub.lodgeSearch("stale-1");
    const page = await open(`/submissions/${id}`);
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    const note = page.getByRole("textbox", { name: "Note", exact: true });
    await note.fill("Half of my note.");
    await page.waitForTimeout(1_500); // what is told of the claim is past
    await hub.cli("queue", "assign", id, "--to", "olive", "--reason", "Olive knows the case", "--as", "gray", "--roles", "supervisor");
    await page.getByText("olive has it now.").waitFor();
    must((await note.inputValue()) === "Half of my note.", "the text is gone before the change was loaded");
    await look(page, "submission-news");
    await page.getByRole("button", { name: /Load it as it is now/ }).click();
    await page.getByText("olive holds this entry").waitFor();
    await page.getByText("What you had written for the outcome is kept").click();
    await page.getByText("Half of my note.").waitFor();
    await look(page, "submission-text-kept");
    await hub.cli("queue", "assign", id, "--to", "contact-officer.avery", "--reason", "Back again", "--as", "gray", "--roles", "supervisor");
    await page.getByText("You have it now.").waitFor();
    await page.getByRole("button", { name: /Load it as it is now/ }).click();
    must((await note.inputValue()) === "Half of my note.", "the text did not come back");
  },
};

/** The answer is lost on its way: doing the same again records it once. */
export const lostAnswer: Task = {
  name: "an outcome whose answer was lost is recorded once",
  async run({ hub, open, complaints }) {
    complaints.expect(/ERR_FAILED|Failed to load resource/);
    const id = await hub.lodgeSearch("lost-answer-1");
    const page = await open(`/submissions/${id}`);
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", "Not matched");
    await page.getByRole("textbox", { name: "Note", exact: true }).fill("Nobody of that name.");
    await choose(page, "checkbox", /I confirm/);
    const sent: string[] = [];
    await page.route("**/RecordOutcome", async (r) => {
      sent.push(r.request().postDataBuffer()?.toString("hex") ?? "");
      await r.fetch();
      await r.abort();
    });
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Not matched" }).click();
    await page.getByText("It may or may not have been recorded.").waitFor();
    await look(page, "submission-answer-lost");
    await page.unroute("**/RecordOutcome");
    page.on("request", (r) => r.url().endsWith("/RecordOutcome") && sent.push(r.postDataBuffer()?.toString("hex") ?? ""));
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Not matched" }).click();
    await page.getByText("Recorded: Not matched").waitFor();
    must(sent.length === 2 && sent[0] === sent[1], "the second try was another action");
    const shown = await hub.rest<{ notes: unknown[] }>("GET", `/v1/queue/${id}`);
    must(shown.notes.length === 1, `there are ${shown.notes.length} notes`);
  },
};

const nasty = `<script>alert(1)</script>\u0000\u0007\u202Eabc\u202C 👩‍👩‍👧‍👦 ‏שלום‏ ${"x".repeat(100_000)}`;

/** Everything goes into every field of every form: errors beside the fields, nothing is sent. */
export const rubbish: Task = {
  name: "pasted rubbish in every field breaks nothing and is sent nowhere",
  async run({ hub, open, browser }) {
    const who = await identityOf(hub, crnOf(105), "NT");
    await hub.cli("submit", "--as", "nt-cp", "--type", "notice-to-commence", ...who, "--start", await inDays(hub, -3), "--months", "6", "--reference", "rubbish-form-1");
    const id = await hub.idOf("rubbish-form-1");
    const page = await open(`/submissions/${id}`);
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", "Commenced");
    const sent: string[] = [];
    page.on("request", (r) => /\/(AddNote|Hold|RecordOutcome|ReturnToAuthority|DeclareConflict)$/.test(r.url()) && sent.push(r.url()));
    for (const label of ["Add a note", "Set aside until a date", "I must not work on this: a conflict of interest"]) await page.getByText(label, { exact: true }).click();
    for (const box of await page.getByRole("main").getByRole("textbox").all()) if ((await box.getAttribute("type")) !== "date") await box.fill(nasty);
    for (const button of ["Add the note", "Set it aside", "Declare the conflict", "Record the outcome"]) await page.getByRole("button", { name: button }).click();
    for (const words of ["Choose a day after today.", "Enter the length in months, 1 to 24.", "Enter a share of 0 to 100", "Enter the first day of the notice."]) {
      await page.getByText(words).first().waitFor();
    }
    must((await page.getByText(/^At most 4,000 characters/).count()) >= 2, "a note of 100,000 characters is not refused");
    must((await page.getByText(/^At most 1,000 characters/).count()) >= 3, "a text of 100,000 characters is not refused");
    must(sent.length === 0, `it was sent: ${sent.join(", ")}`);
    await look(page, "submission-rubbish");

    // What is odd but short enough is taken as it is, and shown as text.
    const odd = "<b>bold</b> \u202Eright to left\u202C 👩‍👩‍👧‍👦\nsecond line\u0000";
    await page.getByRole("textbox", { name: "Note on the submission" }).fill(odd);
    await page.getByRole("button", { name: "Add the note" }).dblclick();
    await page.getByRole("listitem").filter({ hasText: "<b>bold</b>" }).getByText("second line").waitFor();
    must(sent.filter((u) => u.endsWith("/AddNote")).length === 1, "the note was sent twice");
    must((await page.locator("main script, main b").count()) === 0, "what was pasted became HTML");

    const { context, complaints } = await profile(browser, hub.origin, { width: 320, height: 640 });
    try {
      const phone = await signIn(context, "auditor.harper", `/submissions/${id}`);
      await phone.getByText("second line").waitFor();
      await look(phone, "submission-rubbish-320");
      must(complaints.list.length === 0, complaints.list.join("; "));
    } finally {
      await context.close();
    }
  },
};

/** Candidates on a phone: one below the other, each with what was lodged. */
export const matchOnPhone: Task = {
  name: "the candidates of a search are compared on a phone",
  async run({ hub, browser }) {
    const [c, other] = [await customerOf(hub, crnOf(106)), await customerOf(hub, crnOf(107))];
    await hub.cli("submit", "--as", "nt-cp", "--type", "find-mutual-client", "--family", other.name.familyName, "--given", other.name.givenName, "--born", other.dateOfBirth, "--crn", c.crn, "--reference", "phone-1");
    const { context, complaints } = await profile(browser, hub.origin, { width: 320, height: 640 });
    try {
      const page = await signIn(context, undefined, `/submissions/${await hub.idOf("phone-1")}`);
      await page.getByRole("heading", { level: 3, name: c.crn }).waitFor();
      must(!(await page.getByRole("table", { name: "Possible matches", exact: true }).isVisible()), "a phone gets the wide table");
      await look(page, "submission-candidates-320");
      must(complaints.list.length === 0, complaints.list.join("; "));
    } finally {
      await context.close();
    }
  },
};
