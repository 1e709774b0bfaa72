import { look } from "../axe.js";
import { profile, signIn } from "../browser.js";
import { focusIs, tabTo } from "../keyboard.js";
import { change, crnOf, dayOf, itemOf, putCustomer } from "../registry.js";
import { must, type Task } from "../task.js";

const note = "Rang the customer: the new rent is 310 dollars, the expense is changed to it.";

/** From the list to the completed item; the customer's panel in another window follows by itself. */
export const workItem: Task = {
  name: "an officer works a work item from the list to its completion, and the customer's panel follows",
  async run({ hub, open, context, complaints }) {
    complaints.expect(/status of 400/);
    const c = await putCustomer(hub, 40, { otherMeasure: "MEASURE_VEIM", office: "DRW" });
    await change(hub, c.crn, { rentType: "PRIVATE_RENT" });
    const { workItemId } = await itemOf(hub, c.crn, "I411Q1");
    const panel = await open("/customer"); // what stands behind "#" does not outlive signing in
    await panel.goto(`/customer#crn=${c.crn}`);
    await panel.getByRole("link", { name: /I411Q1/ }).first().waitFor();
    await panel.getByRole("heading", { name: "Open work items (1)" }).waitFor();
    await look(panel, "customer-with-item");

    const page = await context.newPage();
    await page.goto("/work-items");
    const row = page.getByRole("row", { name: /I411Q1.*DRW/ });
    await row.waitFor();
    await page.getByText("Open items by code and office").click();
    await page.getByRole("cell", { name: /I411Q1 Voluntary/ }).or(page.getByRole("rowheader", { name: /I411Q1 Voluntary/ })).first().waitFor();
    await look(page, "work-items");
    await row.getByRole("link", { name: "I411Q1" }).click();
    await page.getByRole("heading", { level: 1, name: /I411Q1 Voluntary/ }).waitFor();
    must(page.url().endsWith(`/work-items/${workItemId}`), `the address became ${page.url()}`);
    await look(page, "work-item-open");
    await page.getByRole("button", { name: "Start the investigation" }).click();
    await page.getByText("You investigate this work item now").waitFor();
    await panel.getByText(/being investigated · with You/).waitFor();

    // Words that say nothing are refused by the hub, and its reason is shown.
    const text = page.getByRole("textbox", { name: "Note (DOC)" });
    await page.getByRole("button", { name: "Complete the work item" }).click();
    await page.getByText("Say what was investigated and done").waitFor();
    await text.fill("no action required");
    await page.getByRole("button", { name: "Complete the work item" }).click();
    await page.getByRole("dialog").waitFor();
    await look(page, "work-item-confirm");
    await page.getByRole("button", { name: "Complete it" }).click();
    await page.getByText(/it is an empty phrase/).waitFor();
    must((await text.inputValue()) === "no action required", "the refused note was lost");
    await look(page, "work-item-refused-note");
    await text.fill(note);
    await page.reload();
    must((await text.inputValue()) === note, "the note was lost by a reload");
    await page.getByRole("button", { name: "Complete the work item" }).click();
    await page.getByRole("button", { name: "Complete it" }).dblclick();
    await page.getByText("The work item is completed").waitFor();
    await page.getByText(note).waitFor();
    await look(page, "work-item-completed");
    await panel.getByRole("heading", { name: "Open work items (0)" }).waitFor();
    await panel.getByText(/Work items changed at/).waitFor();
    await look(panel, "customer-items-changed");
    must((await page.evaluate(() => Object.keys(sessionStorage).length)) === 0, "a draft outlived what it was for");
  },
};

/** A service component comes before completion; a workflow completes what no officer can; a role is needed. */
export const itemKinds: Task = {
  name: "an officer records a service component, is led to a workflow, and is told what is for others",
  async run({ hub, open, complaints }) {
    complaints.expect(/status of 400/);
    const saver = await putCustomer(hub, 41, { otherMeasure: "MEASURE_VEIM", office: "DRW", account: { balanceCents: "1000" } });
    await change(hub, saver.crn, { setAccount: { balanceCents: "350000" } });
    const page = await open(`/work-items/${(await itemOf(hub, saver.crn, "I098Q1")).workItemId}`);
    await page.getByRole("button", { name: "Start the investigation" }).click();
    await page.getByRole("heading", { name: "Service component 444" }).waitFor();
    must((await page.getByRole("button", { name: "Complete the work item" }).count()) === 0, "it can be completed without its component");
    await look(page, "work-item-component");
    await page.getByLabel("Day it was done").fill("2031-01-01");
    await page.getByRole("button", { name: "Record the service component" }).click();
    await page.getByText("Choose today or a day before it.").waitFor();
    await page.getByLabel("Day it was done").fill(await dayOf(hub));
    await page.getByRole("button", { name: "Record the service component" }).click();
    await page.getByText("Service component 444 is recorded").waitFor();
    await page.getByText(/^444 COM on/).waitFor();
    await page.getByRole("textbox", { name: "Note (DOC)" }).fill("The customer saves for a washing machine and buys it next fortnight.");
    await page.getByRole("button", { name: "Complete the work item" }).click();
    await page.getByRole("button", { name: "Complete it" }).click();
    await page.getByText("The work item is completed").waitFor();

    const seeker = await putCustomer(hub, 42, {
      otherMeasure: "MEASURE_DEY",
      addresses: [{ type: "ADDRESS_TYPE_HOME", street: "1 Example Street", locality: "Katherine", state: "JURISDICTION_NT", postcode: "0850" }],
      children: [{ givenName: "Juno", dateOfBirth: "2017-03-04" }],
    });
    await page.goto(`/work-items/${(await itemOf(hub, seeker.crn, "I551Q1")).workItemId}`);
    await page.getByRole("button", { name: "Start the investigation" }).click();
    await page.getByText("Only its workflow completes this item").waitFor();
    must((await page.getByRole("button", { name: "Complete the work item" }).count()) === 0, "a workflow's item can be completed by hand");
    await page.getByRole("link", { name: /customer’s record, where the workflow begins/ }).waitFor();
    await look(page, "work-item-workflow");

    const late = await putCustomer(hub, 43, { otherMeasure: "MEASURE_VEIM" });
    await change(hub, late.crn, { dateOfDeath: "2026-01-05" });
    await page.goto(`/work-items/${(await itemOf(hub, late.crn, "I037Q1")).workItemId}`);
    await page.getByText("You cannot action this item").waitFor();
    await page.getByText(/It is for officers of the payment and contact team/).waitFor();
    await look(page, "work-item-other-role");
    await page.goto("/work-items/rubbish");
    await page.getByText("The work item cannot be shown for what was asked").waitFor();
  },
};

/** A supervisor moves an item while its officer writes: the officer is told, and keeps the words. */
export const itemMoved: Task = {
  name: "a supervisor moves a work item with a reason, and its officer is told and keeps the note",
  async run({ hub, open, browser, complaints }) {
    complaints.expect(/status of 40[49]/);
    const c = await putCustomer(hub, 44, { otherMeasure: "MEASURE_VEIM", office: "DRW" });
    await change(hub, c.crn, { paydayCode: "C7" });
    const { workItemId } = await itemOf(hub, c.crn, "I083Q1");
    const page = await open(`/work-items/${workItemId}`);
    await page.getByRole("button", { name: "Start the investigation" }).click();
    await page.getByRole("textbox", { name: "Note (DOC)" }).fill(note);

    const other = await profile(browser, hub.origin);
    other.complaints.expect(/status of (404|501)/);
    try {
      const supervisor = await signIn(other.context, "supervisor.gray", "/work-items");
      await supervisor.getByRole("heading", { name: "Team load and age" }).waitFor();
      await supervisor.getByRole("link", { name: "contact-officer.avery" }).waitFor();
      await look(supervisor, "work-items-team-load");
      await supervisor.goto(`/work-items/${workItemId}`);
      await supervisor.getByText("Move it to another officer or office").click();
      await supervisor.getByLabel("Officer", { exact: true }).selectOption("Somebody else");
      await supervisor.getByLabel("Officer’s id").fill("officer.blake");
      await supervisor.getByRole("button", { name: "Move the work item" }).click();
      await supervisor.getByText("Say why this item moves").waitFor();
      await look(supervisor, "work-item-move");
      await supervisor.getByRole("textbox", { name: "Reason" }).fill("Avery is on leave from tomorrow and Blake knows the customer");
      await supervisor.getByRole("button", { name: "Move the work item" }).click();
      await supervisor.getByText("The work item is with officer.blake now").waitFor();
      must(other.complaints.list.length === 0, other.complaints.list.join("; "));
    } finally {
      await other.context.close();
    }

    await page.getByText("Somebody else acted on this item").waitFor();
    await page.getByText(/Reassigned by supervisor.gray/).first().waitFor();
    await page.getByText("officer.blake has this item").waitFor();
    await page.getByText("Your note was not sent").waitFor();
    await page.getByText(note).waitFor();
    await look(page, "work-item-moved-away");
  },
};

/** Filters, counts and lists agree; rows hold still while others work. */
export const itemList: Task = {
  name: "work items are found by code, office and state, the counts agree, and rows hold still",
  async run({ hub, open, context, complaints }) {
    // Rubbish is refused, a failure is made, and the first page outlives its session.
    complaints.expect(/status of 40[013]|ERR_FAILED/);
    for (const n of [45, 46]) {
      const c = await putCustomer(hub, n, { otherMeasure: "MEASURE_VEIM", office: "ZZ9" });
      await change(hub, c.crn, { paydayCode: "D1" });
      await itemOf(hub, c.crn, "I083Q1");
    }
    const page = await open("/work-items");
    await page.getByText("Filters", { exact: true }).click();
    await page.getByLabel("Code", { exact: true }).selectOption({ label: "I083Q1 IM customer's EPEDC has changed - review expenses" });
    await page.getByLabel("Office", { exact: true }).fill("zz9");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.waitForURL("**/work-items?office=ZZ9&code=I083Q1");
    await page.getByText("2 open items in this list").waitFor();
    await page.waitForFunction(() => document.querySelectorAll("tbody th a[href^='/work-items/']").length === 2); // the list agrees with the count
    await look(page, "work-items-filtered");

    const first = await itemOf(hub, crnOf(45), "I083Q1");
    await hub.rest("POST", `/v1/work-items/${first.workItemId}:investigate`, { version: first.version }, "oscar.officer");
    await page.getByText("Now with oscar").waitFor();
    const third = await putCustomer(hub, 47, { otherMeasure: "MEASURE_VEIM", office: "ZZ9" });
    await change(hub, third.crn, { paydayCode: "D1" });
    await page.getByText("1 new").waitFor();
    must((await page.locator("tbody th a[href^='/work-items/']").count()) === 2, "rows moved");
    await look(page, "work-items-news");
    await page.getByRole("button", { name: "Load the list again" }).click();
    await page.getByText("3 open items in this list").waitFor();
    await page.waitForFunction(() => document.querySelectorAll("tbody th a[href^='/work-items/']").length === 3);

    // Every list says how many it has, whatever it is narrowed by.
    const counted = async (to: string, words: string, n: number) => {
      await page.goto(to);
      await page.getByText(words, { exact: true }).waitFor();
      await page.waitForFunction((rows) => document.querySelectorAll("tbody th a[href^='/work-items/']").length === rows, n);
    };
    const left = " Items of restricted records are not part of it.";
    await counted("/work-items?office=ZZ9&measure=VEIM", `3 open items in this list.${left}`, 3);
    await counted("/work-items?office=ZZ9&state=ALL", "3 items in this list.", 3);
    await counted("/work-items?office=ZZ9&state=CLOSED", "No work item matches these filters.", 0);
    await counted("/work-items?office=ZZ9&days=1", "No work item matches these filters.", 0);
    await counted(`/work-items#crn=${third.crn}`, "1 open item in this list.", 1);
    await look(page, "work-items-counted");

    await page.goto("/work-items?list=mine");
    await page.getByText(/No open work item is yours|open items? in this list/).first().waitFor();
    await page.goto("/work-items?office=QQ1");
    await page.getByText("No work item matches these filters.").waitFor();
    await look(page, "work-items-none");
    await page.goto("/work-items?days=56&measure=VEIM&state=ALL&page=%00rubbish#crn=<b>");
    await page.getByRole("alert").waitFor();
    await look(page, "work-items-rubbish");

    await page.route("**/SearchWorkItems", (r) => r.abort());
    await page.goto("/work-items");
    await page.getByText("The list is out of reach").waitFor();
    await look(page, "work-items-error");
    await page.unroute("**/SearchWorkItems");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("row", { name: /ZZ9/ }).first().waitFor();
    await context.clearCookies();
    const administrator = await open("/work-items", "administrator.indigo");
    await administrator.getByText("Work items are not open to your role").waitFor();
    await look(administrator, "work-items-no-permission");
  },
};

/** The keyboard alone, from the list to the completed item. */
export const itemByKeyboard: Task = {
  name: "an officer completes a work item by the keyboard alone",
  async run({ hub, open }) {
    const c = await putCustomer(hub, 48, { otherMeasure: "MEASURE_VEIM", office: "KB1" });
    await change(hub, c.crn, { paydayCode: "E2" });
    await itemOf(hub, c.crn, "I083Q1");
    const page = await open("/work-items?office=KB1");
    await page.getByRole("row", { name: /KB1/ }).waitFor();
    await tabTo(page, "I083Q1");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /I083Q1/ }).waitFor();
    await focusIs(page, { tag: "H1" }, "the new screen does not take the focus to its heading");
    await tabTo(page, "Start the investigation");
    await page.keyboard.press("Enter");
    await page.getByText("You investigate this work item now").waitFor();
    await tabTo(page, "Note (DOC)");
    await page.keyboard.type("Moved the expenses to the new payday with the customer.");
    await tabTo(page, "Complete the work item");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(page, "Complete it", 5);
    await page.keyboard.press("Enter");
    await page.getByText("The work item is completed").waitFor();
    await tabTo(page, "see the customer’s other items", 4);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Open work items (0)" }).waitFor();
  },
};
