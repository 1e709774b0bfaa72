import { look } from "../axe.js";
import { profile, signIn } from "../browser.js";
import type { Hub } from "../hub.js";
import { focusIs, tabTo } from "../keyboard.js";
import { change, crnOf, dayOf, itemOf, putCustomer } from "../registry.js";
import { must, type Task } from "../task.js";
import { until } from "../until.js";

const katherine = { type: "ADDRESS_TYPE_HOME", street: "2 Example Street", locality: "Katherine", state: "JURISDICTION_NT", postcode: "0850" };

/** What an officer does on a record: reads it, follows up, places a document. */
export const customer: Task = {
  name: "an officer reads a customer's record, makes, completes and cancels follow-ups and places a document",
  async run({ hub, open, complaints }) {
    complaints.expect(/status of 400/);
    const c = await putCustomer(hub, 50, {
      office: "DRW", otherMeasure: "MEASURE_VEIM", addresses: [katherine], rentType: "BOARD", partnerCrn: crnOf(51),
      children: [{ givenName: "Nell", dateOfBirth: "2018-05-06", familyTaxBenefit: true }],
      account: { balanceCents: "45000", managedCents: "30000" }, card: { balanceCents: "1200", limitCents: "100000", allocationMethod: "ALLOCATION_METHOD_RESIDUAL" },
    });
    await change(hub, c.crn, { rentType: "PRIVATE_RENT" });
    await itemOf(hub, c.crn, "I411Q1");
    const page = await open("/customer");
    await page.getByText("Every look at a record is kept").waitFor();
    await look(page, "customer-search");
    await page.getByRole("textbox", { name: "CRN" }).fill(` crn: ${c.crn.slice(0, 3)} ${c.crn.slice(3, 6)}-${c.crn.slice(6).toLowerCase()} `);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: `${c.name.givenName} ${c.name.familyName}` }).waitFor();
    must(page.url().endsWith(`/customer#crn=${c.crn}`), `the address became ${page.url()}`);
    must(!(await page.title()).includes(c.name.familyName), "the title of the tab names the customer");
    await page.getByText("There is no notice for this customer.").waitFor();
    await page.getByText("Private rent").waitFor();
    await page.getByRole("button", { name: "Show the changes of the record" }).click();
    await page.getByRole("cell", { name: /Told by the customer/ }).waitFor();
    await look(page, "customer");

    await page.getByText("Make a manual follow-up").click();
    await page.getByRole("button", { name: "Make the follow-up" }).click();
    await page.getByText("Say what is to be done.").waitFor();
    for (const [title, keywords] of [["Ring about the rent", "eimend"], ["Send the decision letter", ""]] as const) {
      await page.getByRole("textbox", { name: "What is to be done" }).fill(title);
      await page.getByLabel("Matures on").fill(await dayOf(hub, 3));
      await page.getByRole("textbox", { name: /Keywords/ }).fill(keywords);
      await page.getByRole("button", { name: "Make the follow-up" }).dblclick();
      await page.getByRole("row", { name: new RegExp(title) }).waitFor();
    }
    must((await page.getByRole("row", { name: /Ring about the rent/ }).count()) === 1, "a double click made two follow-ups");
    await page.getByRole("button", { name: "Cancel Ring about the rent" }).click();
    const why = page.getByRole("textbox", { name: "Why it is not needed" });
    await why.fill("not needed now");
    await page.getByRole("button", { name: "Cancel the follow-up" }).click();
    await page.getByText(/it is an empty phrase/).waitFor();
    await look(page, "customer-follow-up-cancel");
    await why.fill("The landlord rang first, so that the rent is known.");
    await page.getByRole("button", { name: "Cancel the follow-up" }).click();
    await page.getByRole("row", { name: /Ring about the rent.*Cancelled/ }).waitFor();
    await page.getByRole("button", { name: "Complete Send the decision letter" }).click();
    await page.getByRole("textbox", { name: "What was done" }).fill("The letter went out by post today.");
    await page.getByRole("button", { name: "Complete it" }).click();
    await page.getByRole("row", { name: /Send the decision letter.*Completed/ }).waitFor();

    await page.getByText("Place a document").click();
    await page.getByRole("textbox", { name: "Title" }).fill("Call from the landlord");
    await page.getByRole("textbox", { name: "Text of the document" }).fill("<b>Rent</b> is 310 dollars\nfrom next week.");
    await page.getByRole("button", { name: "Place the document" }).click();
    await page.getByText("<b>Rent</b> is 310 dollars").waitFor();
    await look(page, "customer-worked");
  },
};

/** Nobody, rubbish, a restricted record, a part that fails, roles that see less. */
export const customerStates: Task = {
  name: "an unknown, a wrong and a restricted CRN are told apart, and parts of a record fail apart",
  async run({ hub, open, context, complaints }) {
    complaints.expect(/ERR_FAILED|status of 40[134]/);
    const page = await open("/customer");
    const search = page.getByRole("textbox", { name: "CRN" });
    await search.fill("<script>alert(1)</script> \u202e 12");
    await page.getByRole("button", { name: "Open the record" }).click();
    await page.getByText("A CRN is nine digits and a letter").waitFor();
    await page.goto("/customer#crn=%00%3Cb%3E99");
    await page.getByText("A CRN is nine digits and a letter").waitFor();
    await look(page, "customer-rubbish");
    await search.fill("299999999A");
    await page.keyboard.press("Enter");
    await page.getByText("No customer has this CRN").waitFor();
    await look(page, "customer-unknown");

    const hidden = await putCustomer(hub, 52, { restrictedAccess: true, otherMeasure: "MEASURE_VEIM" });
    const asked: string[] = [];
    page.on("request", (r) => asked.push(r.url().split("/").pop() ?? ""));
    await search.fill(hidden.crn);
    await page.keyboard.press("Enter");
    await page.getByText("Access to this record is restricted").waitFor();
    must((await page.getByText(hidden.name.familyName).count()) === 0, "the restricted record's name is shown");
    must(!asked.some((x) => /ListNotices|ListDocuments|ListActivities|ListCustomer/.test(x)), `more was asked of a restricted record: ${asked.join(" ")}`);
    await look(page, "customer-restricted");

    await page.route("**/ListDocuments", (r) => r.abort());
    await page.goto(`/customer#crn=${crnOf(53)}`);
    await page.getByText("The documents could not be loaded").waitFor();
    await page.getByText("There is no open work item.").waitFor();
    await page.getByText("There is no notice for this customer.").waitFor();
    await look(page, "customer-part-failed");
    await page.unroute("**/ListDocuments");
    await page.getByRole("button", { name: "Load the documents again" }).click();
    await page.getByText("There is no document on this record.").waitFor();

    for (const [account, words, name] of [
      ["restricted-access-officer.devon", "until you say why you open it", "customer-restricted-officer"],
      ["administrator.indigo", "The record is not open to your role", "customer-no-permission"],
    ] as const) {
      await context.clearCookies();
      const other = await open("/customer", account);
      await other.goto(`/customer#crn=${hidden.crn}`);
      await other.getByText(words).waitFor();
      await look(other, name);
    }
    await context.clearCookies();
    const auditor = await open("/customer", "auditor.harper");
    await auditor.goto(`/customer#crn=${crnOf(53)}`);
    await auditor.getByText("Not shown to your role").waitFor();
    must((await auditor.getByText("Make a manual follow-up").count()) === 0, "an auditor is offered to act");
    await look(auditor, "customer-auditor");
  },
};

/** The keyboard alone, and a phone's width and 400 % zoom. */
export const customerNarrow: Task = {
  name: "a customer's record and a work item are usable by the keyboard, at 400 pixels and at 400 % zoom",
  async run({ hub, open, browser }) {
    const c = await putCustomer(hub, 54, { addresses: [katherine] });
    await hub.cli("submit", "--as", "nt-cp", "--type", "notice-to-commence", ...who(c), "--start", await dayOf(hub, 1), "--months", "3", "--reference", "narrow-notice");
    await settled(hub, c.crn);
    await putCustomer(hub, 54, { otherMeasure: "MEASURE_VEIM", office: "NR1" });
    await change(hub, c.crn, { rentType: "PRIVATE_RENT" });
    const { workItemId } = await itemOf(hub, c.crn, "I411Q1");

    const page = await open("/customer");
    await tabTo(page, "CRN");
    await page.keyboard.type(c.crn);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: c.name.familyName }).waitFor();
    await focusIs(page, { tag: "H1" }, "the record found does not take the focus to its heading");
    await tabTo(page, /^I411Q1/);
    await tabTo(page, "As at");
    await tabTo(page, "Show the changes of the record");
    await page.keyboard.press("Enter");
    await page.getByRole("cell", { name: "The record began" }).waitFor();
    await tabTo(page, "Make a manual follow-up");
    await page.keyboard.press("Enter");
    await tabTo(page, "What is to be done");

    for (const { name, ...size } of [{ name: "400px", width: 400, height: 800 }, { name: "zoom400", width: 320, height: 256 }]) {
      const { context, complaints } = await profile(browser, hub.origin, size);
      try {
        const small = await signIn(context, undefined, "/customer");
        await small.goto(`/customer#crn=${c.crn}`);
        await small.getByRole("link", { name: /I411Q1/ }).first().waitFor();
        await small.getByRole("button", { name: "Show the picture" }).waitFor();
        const order = await small.evaluate(() => [...document.querySelectorAll("h2")].map((h) => h.textContent ?? ""));
        must(order[0]?.startsWith("Open work items"), `the open items are not first: ${order.join(", ")}`);
        await look(small, `customer-${name}`);
        await small.getByRole("button", { name: "Show the picture" }).click();
        await look(small, `customer-picture-${name}`);
        await small.goto("/work-items?office=NR1");
        await small.getByRole("row", { name: /I411Q1/ }).waitFor();
        await look(small, `work-items-${name}`);
        await small.goto(`/work-items/${workItemId}`);
        await small.getByRole("heading", { name: "History" }).waitFor();
        await look(small, `work-item-${name}`);
        must(complaints.list.length === 0, complaints.list.join("; "));
      } finally {
        await context.close();
      }
    }
  },
};

/** Moves the hub's clock: belongs after the tasks that count days. */
export const customerNotices: Task = {
  name: "an officer sees a customer's notices as a picture: in force, waiting, revoked, continued, and as at a day",
  async run({ hub, open }) {
    const c = await putCustomer(hub, 55, { addresses: [katherine] });
    const lodge = (as: string, type: string, reference: string, ...rest: string[]) => hub.cli("submit", "--as", as, "--type", type, ...who(c), "--reference", reference, ...rest);
    const before = await dayOf(hub);
    await lodge("nt-spar", "notice-to-commence", "notices-1", "--start", before, "--months", "6");
    await settled(hub, c.crn);
    await hub.cli("clock", "advance", "--days", "20");
    await lodge("nt-spar", "notice-to-revoke", "notices-2");
    await settled(hub, c.crn, "REVOKED");
    const asAt = await dayOf(hub);
    await hub.cli("clock", "advance", "--days", "2");
    await lodge("nt-cp", "notice-to-commence", "notices-3", "--start", await dayOf(hub, 1), "--months", "3");
    await settled(hub, c.crn, "INACTIVE");
    await hub.cli("clock", "advance", "--days", "45");
    await settled(hub, c.crn, "ACTIVE");
    await lodge("nt-cp", "notice-to-commence", "notices-4", "--start", await dayOf(hub, 1), "--months", "3");
    await settled(hub, c.crn, "INACTIVE");

    const page = await open("/customer");
    await page.goto(`/customer#crn=${c.crn}`);
    await page.getByRole("img", { name: /Timeline of 3 notices/ }).waitFor();
    for (const words of [/Revoked/, /In force/, /Waits to start; continues/]) await page.getByRole("cell", { name: words }).first().waitFor();
    await look(page, "customer-notices");
    await page.getByRole("textbox", { name: "As at" }).fill(asAt);
    await page.getByRole("button", { name: "Show that day" }).click();
    await page.getByText(/As it was at the end of/).waitFor();
    await page.getByRole("img", { name: /Timeline of 1 notice / }).waitFor();
    must((await page.getByRole("cell", { name: /In force/ }).count()) === 0, "a notice of a later day is shown");
    await look(page, "customer-notices-as-at");
    await page.getByRole("textbox", { name: "As at" }).fill("2019-02-03");
    await page.getByRole("button", { name: "Show that day" }).click();
    await page.getByText("There was no notice then.").waitFor();
    await page.getByRole("button", { name: "Back to today" }).click();
    await page.getByRole("img", { name: /Timeline of 3 notices/ }).waitFor();
  },
};

const who = (c: { crn: string; name: { familyName: string }; dateOfBirth: string }) => ["--crn", c.crn, "--family", c.name.familyName, "--born", c.dateOfBirth];

/** Waits until the register has a notice of the customer, in the state when one is named. */
async function settled(hub: Hub, crn: string, state = "") {
  await until(`the register has no such notice of ${crn}: ${state}`, async () => {
    const { notices = [] } = await hub.rest<{ notices?: { state: string }[] }>("GET", `/v1/register/${crn}`);
    return notices.some((n) => !state || n.state === `NOTICE_STATE_${state}`);
  });
}
