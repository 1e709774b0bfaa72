import { choose } from "../choose.js";
import { look } from "../axe.js";
import { profile, signIn } from "../browser.js";
import { must, type Task, type World } from "../task.js";
import { changeRecord, crnOf, customerOf, identityOf } from "./people.js";

const devon = "restricted-access-officer.devon";

/** A disclosure of a restricted customer, waiting for an officer. */
async function restrictedCase({ hub }: World, n: number, reference: string) {
  const who = await identityOf(hub, crnOf(n), "NT");
  await changeRecord(hub, crnOf(n), { restrictedAccess: true });
  await hub.cli("submit", "--as", "nt-cp", "--type", "disclosure", ...who, "--reference", reference);
  return hub.idOf(reference);
}

/** A second person, in a browser of their own. */
async function second({ browser, hub }: World, account: string, to: string) {
  const { context, complaints } = await profile(browser, hub.origin);
  return { page: await signIn(context, account, to), complaints, close: () => context.close() };
}

/** Two persons, a reason, a time box: from the contact with the authority to the outcome. */
export const lift: Task = {
  name: "two officers take a restricted case from the contact to the outcome",
  async run(w) {
    const id = await restrictedCase(w, 111, "lift-1");
    const page = await w.open(`/submissions/${id}`);
    await page.getByRole("heading", { name: "1. Contact the authority" }).waitFor();
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    const form = page.getByRole("form", { name: "Contact with the authority" });
    await form.getByRole("button", { name: "Record the contact and ask" }).click();
    await page.getByText("Choose whether the customer knows.").waitFor();
    await look(page, "access-contact-missing");
    await choose(page, "radio", "The customer does not know");
    await form.getByRole("textbox", { name: "Contact with the authority" }).fill("Spoke to the case worker: the customer has not been told.");
    await page.reload();
    must((await form.getByRole("textbox").inputValue()).startsWith("Spoke"), "the text of the contact is lost by a reload");
    await choose(page, "radio", "The customer does not know");
    await look(page, "access-contact");
    await form.getByRole("button", { name: "Record the contact and ask" }).dblclick();
    await page.getByText("It waits for a Restricted Access officer").waitFor();
    await look(page, "access-requested");

    const other = await second(w, devon, "/restricted-access");
    await other.page.getByRole("heading", { name: /For you to decide/ }).waitFor();
    await look(other.page, "restricted-to-decide");
    await other.page.getByRole("row", { name: new RegExp(crnOf(111)) }).getByRole("link").click();
    await other.page.getByRole("heading", { level: 1, name: /lift-1/ }).waitFor();
    const decision = other.page.getByRole("form", { name: "Risk assessment" });
    await choose(other.page, "radio", /^Lift access/);
    await decision.getByRole("textbox", { name: "Why you decide so" }).fill("No risk was found, and the customer was told.");
    await decision.getByRole("button", { name: "Record the decision" }).click();
    await other.page.getByText("Enter the day the customer was contacted.").waitFor();
    await look(other.page, "access-decision-missing");
    await decision.getByLabel("At", { exact: true }).fill("00:00");
    await decision.getByRole("textbox", { name: "How the customer was contacted" }).fill("by telephone");
    await decision.getByRole("textbox", { name: "For how many minutes" }).fill("30");
    await look(other.page, "access-decision");
    await decision.getByRole("button", { name: "Record the decision" }).click();
    await look(other.page, "access-decision-confirm");
    await other.page.getByRole("button", { name: "Lift access", exact: true }).click();
    await other.page.getByText(/lifted access for contact-officer\.avery/).waitFor();
    await look(other.page, "access-lifted-decider");

    // The first officer is told by itself; what was written so far stays.
    await page.getByText("The record is open to you now.").waitFor();
    await page.getByText("Access is lifted for you.").waitFor();
    await look(page, "access-lifted-news");
    await page.getByRole("button", { name: /Load it as it is now/ }).click();
    await page.getByRole("timer").first().waitFor();
    await page.getByRole("textbox", { name: "Why you look at the record now" }).fill("To check the criteria of eligibility.");
    await page.getByRole("button", { name: "Open the record" }).click();
    await page.getByRole("heading", { name: "The restricted record" }).waitFor();
    await page.getByText("Jobseeker payment").first().waitFor();
    await look(page, "access-record");
    await page.getByRole("button", { name: "Close the record" }).click();
    await choose(page, "radio", "Eligible");
    for (const box of await page.getByRole("group", { name: /Criteria of eligibility/ }).getByRole("checkbox").all()) await box.locator("xpath=ancestor::label").click();
    await page.getByRole("textbox", { name: "Note", exact: true }).fill("Checked by hand under the lift.");
    await choose(page, "checkbox", /I confirm/);
    await page.getByText("Recording the outcome ends the lift").waitFor();
    await look(page, "access-outcome");
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Eligible" }).click();
    await page.getByText("Recorded: Eligible").waitFor();
    await page.getByText(/Access was closed again/).waitFor();
    await page.getByText(/Restricted record looked at, by contact-officer.avery/).waitFor();
    await look(page, "access-closed");

    await other.page.goto("/restricted-access");
    await other.page.getByText("No case is open.").waitFor();
    await look(other.page, "restricted-empty");
    must(other.complaints.list.length === 0, other.complaints.list.join("; "));
    await other.close();
  },
};

/** Access stays restricted: nothing is disclosed. Others see that, and no more. */
export const keep: Task = {
  name: "a Restricted Access officer keeps access restricted, and nothing is disclosed",
  async run(w) {
    const id = await restrictedCase(w, 112, "keep-1");
    const page = await w.open(`/submissions/${id}`);
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", "The customer knows");
    await page.getByRole("textbox", { name: "Contact with the authority" }).fill("Spoke to the case worker.");
    await page.getByRole("checkbox", { name: /same step/ }).locator("xpath=ancestor::label").click();
    await page.getByRole("button", { name: "Record the contact", exact: true }).click();
    await page.getByRole("textbox", { name: "Why access is needed" }).fill("The criteria cannot be checked otherwise.");
    await look(page, "access-contacted");
    await page.getByRole("button", { name: "Ask for the assessment" }).click();
    await page.getByText("It waits for a Restricted Access officer").waitFor();
    await page.goto("/restricted-access");
    await page.getByText("A Restricted Access officer: to decide").waitFor();
    await look(page, "restricted-own");

    const supervisor = await second(w, "supervisor.gray", `/submissions/${id}`);
    await supervisor.page.getByText("It waits for a Restricted Access officer").waitFor();
    must((await supervisor.page.getByRole("button", { name: "Record the decision" }).count()) === 0, "a supervisor is offered to decide");
    must((await supervisor.page.getByText("The criteria cannot be checked otherwise.").count()) === 0, "a supervisor reads the reason");
    await supervisor.close();

    const other = await second(w, devon, `/submissions/${id}`);
    await other.page.getByRole("textbox", { name: "Why you look at the record now" }).fill("To assess the risk.");
    await other.page.getByRole("button", { name: "Open the record" }).click();
    await other.page.getByRole("heading", { name: "The restricted record" }).waitFor();
    await choose(other.page, "radio", "Keep access restricted");
    await other.page.getByRole("textbox", { name: "Why you decide so" }).fill("The risk is too high.");
    await other.page.getByRole("button", { name: "Record the decision" }).click();
    await other.page.getByRole("button", { name: "Keep it restricted" }).click();
    await other.page.getByText(/keeps access restricted/).first().waitFor();
    await look(other.page, "access-kept-decider");
    must(other.complaints.list.length === 0, other.complaints.list.join("; "));
    await other.close();

    await page.goto(`/submissions/${id}`);
    await page.getByText(/keeps access restricted/).first().waitFor();
    await choose(page, "radio", "Not disclosed");
    await page.getByRole("textbox", { name: "Note", exact: true }).fill("Access stays restricted.");
    await choose(page, "checkbox", /I confirm/);
    await look(page, "access-kept");
    await page.getByRole("button", { name: "Record the outcome" }).click();
    await page.getByRole("button", { name: "Record Not disclosed" }).click();
    await page.getByText("Recorded: Not disclosed").waitFor();

    const auditor = await second(w, "auditor.harper", `/submissions/${id}`);
    await auditor.page.getByText(/keeps access restricted/).first().waitFor();
    must((await auditor.page.getByRole("button", { name: "Open the record" }).count()) === 0, "an auditor is offered the record");
    await look(auditor.page, "access-auditor");
    await auditor.close();
  },
};

/** A lift ends early, by whoever has it; a conflict of interest keeps an officer away. */
export const early: Task = {
  name: "a lift is ended early, and a conflict of interest keeps an officer from the record",
  async run(w) {
    const { hub } = w;
    const id = await restrictedCase(w, 113, "early-1");
    const page = await w.open(`/submissions/${id}`);
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await choose(page, "radio", "The customer knows");
    await page.getByRole("textbox", { name: "Contact with the authority" }).fill("Spoke to the case worker.");
    await page.getByRole("button", { name: "Record the contact and ask" }).click();
    await page.getByText("It waits for a Restricted Access officer").waitFor();
    await page.waitForTimeout(1_500); // what is told of the request is past
    await hub.cli("restricted", "lift", id, "--reason", "No risk was found", "--as", "devon");
    await page.getByText("End access early").click();
    await page.getByRole("textbox", { name: "Why access ends now" }).fill("The authority withdrew its question.");
    await look(page, "access-lifted");
    await page.getByRole("button", { name: "End access now" }).click();
    await page.getByText(/Access was closed again/).waitFor();
    must((await page.getByRole("button", { name: "Open the record" }).count()) === 0, "the record is still offered");

    await page.getByText("I must not work on this: a conflict of interest").click();
    await page.getByRole("button", { name: "Declare the conflict" }).click();
    await page.getByText("Say what the conflict is").waitFor();
    await page.getByRole("textbox", { name: "What the conflict is" }).fill("relative");
    await page.getByRole("button", { name: "Declare the conflict" }).click();
    await look(page, "conflict-confirm");
    await page.getByRole("button", { name: "Declare it for good" }).click();
    await page.getByText("The conflict of interest is on record").waitFor();
    await look(page, "conflict-declared");
    await page.getByRole("button", { name: "Release", exact: true }).click();
    await page.getByRole("button", { name: "Claim", exact: true }).waitFor();
    w.complaints.expect(/status of 403 .*\/Claim$/);
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await page.getByText("must not see this record").waitFor();
  },
};

/** Without a case, the Restricted Access officer says why, too. Moves the hub's clock by an hour: belongs after the tasks that count minutes. */
export const opening: Task = {
  name: "a Restricted Access officer says why a restricted record is opened, and it closes by itself",
  async run({ hub, open, complaints }) {
    const crn = crnOf(118);
    await changeRecord(hub, crn, { restrictedAccess: true });
    const page = await open("/customer", devon);
    complaints.expect(/status of 40[03]/);
    await page.goto(`/customer#crn=${crn}`);
    const form = page.getByRole("form", { name: "Open the restricted record" });
    const why = form.getByRole("textbox", { name: "Why do you open this record?" });
    const send = form.getByRole("button", { name: "Open the restricted record" });
    await send.click();
    await page.getByText("Say why, in at least 10 characters.").waitFor();
    await look(page, "customer-opening-missing");
    await why.fill("as required");
    await send.click();
    await page.getByText(/it is an empty phrase/).waitFor();
    await look(page, "customer-opening-empty");
    await why.fill("The customer rang about a safe address.");
    await send.dblclick();
    await page.getByRole("timer").waitFor();
    await page.getByText("for the reason you gave").waitFor();
    must(await page.evaluate(() => document.activeElement?.tagName === "H1"), "the focus is not on the heading of the record");
    await look(page, "customer-opened");
    const entries = (await hub.cli("audit", "search", "--action", "access.opened", "--crn", crn)).match(/access\.opened/g) ?? [];
    must(entries.length === 1, `the opening is on record ${entries.length} times`);
    await page.getByText("Place a document").click();
    await page.getByRole("textbox", { name: "Title" }).fill("Safe address");
    await page.getByRole("textbox", { name: "Text of the document" }).fill("Told by telephone.");
    await page.getByRole("button", { name: "Place the document" }).click();
    await page.getByText("The document is on the record.").first().waitFor();
    const refused = await customerOf(hub, crn).then(() => "", String);
    must(refused.includes("RESTRICTED_ACCESS"), `another Restricted Access officer, who gave no reason: ${refused || "sees it"}`);

    await hub.cli("clock", "advance", "--by", "61m");
    // The page hears of the new time when it asks for its session, as it does when it is looked at.
    await page.evaluate(() => window.dispatchEvent(new Event("visibilitychange")));
    await page.getByText("The time is over: the record is closed to you again").waitFor();
    must((await page.getByRole("timer").count()) === 0 && (await page.getByText("Who it is").count()) === 0, "something of the record is still shown");
    await look(page, "customer-opening-over");
    must((await why.inputValue()) === "", "the reason of before stands in the form");
    await why.fill("The customer rang again, about the same address.");
    await send.click();
    await page.getByRole("timer").waitFor();
  },
};
