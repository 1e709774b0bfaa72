import { readFile } from "node:fs/promises";
import { look } from "../axe.js";
import { profile, signIn } from "../browser.js";
import { choose } from "../choose.js";
import { must, type Task } from "../task.js";

/** Found by what is known of it, whatever became of it; opened; and the same for one customer. */
export const find: Task = {
  name: "an officer finds submissions of every status, and those of one customer",
  async run({ hub, open }) {
    type Customer = { crn: string; name: { familyName: string }; dateOfBirth: string };
    const { customer: c } = await hub.rest<{ customer: Customer }>("GET", "/v1/customers/200000007S", undefined, "rae.restricted-access-officer");
    await hub.cli("submit", "--as", "nt-cp", "--type", "disclosure", "--crn", c.crn, "--family", c.name.familyName, "--born", c.dateOfBirth, "--reference", "find-1");
    await hub.lodgeSearch("find-2");
    const page = await open("/submissions");
    await page.getByRole("row", { name: /find-1/ }).waitFor();
    await page.getByRole("row", { name: /find-2.*Waiting for an officer.*No match/ }).waitFor();
    await page.getByText(/Showing 1 to \d+ of \d+/).waitFor();
    await look(page, "submissions");
    await page.getByRole("combobox", { name: "Status" }).selectOption({ label: "Decided" });
    await page.getByRole("combobox", { name: "Information type" }).selectOption({ label: "Disclosure of information" });
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.waitForURL("**/submissions?type=DISCLOSURE_OF_INFORMATION&status=PROCESSED");
    await page.getByRole("row", { name: /find-1.*Decided/ }).or(page.getByText("No submission matches these filters.")).first().waitFor();
    must((await page.getByRole("row", { name: /find-2/ }).count()) === 0, "the filters do not narrow");
    await page.getByRole("button", { name: "Clear all filters" }).first().click();
    await page.getByRole("textbox", { name: "CRN" }).fill(c.crn.toLowerCase());
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: `Submissions about ${c.crn}` }).waitFor();
    must(page.url().endsWith(`/submissions#crn=${c.crn}`), `the address is ${page.url()}`);
    await page.getByRole("row", { name: /find-1/ }).getByRole("link", { name: "find-1" }).click();
    await page.getByRole("heading", { level: 1, name: /find-1/ }).waitFor();
    await page.goto("/submissions?status=RETURNED&function=CAPE_YORK");
    await page.getByText("No submission matches these filters.").waitFor();
    await look(page, "submissions-none");
  },
};

/** The result as a file, whole or not at all. */
export const exported: Task = {
  name: "an officer exports what was found, and a file that was cut is not kept",
  async run({ hub, open, complaints }) {
    complaints.expect(/ERR_FAILED|Failed to load resource/);
    await hub.lodgeSearch("export-1", "=HYPERLINK(1)");
    const page = await open("/submissions");
    await page.goto("/submissions#reference=export-1");
    await page.getByRole("row", { name: /find-1/ }).waitFor({ state: "detached" });
    await page.getByRole("row", { name: /export-1/ }).waitFor();
    const loaded = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export as CSV" }).click();
    const file = await loaded;
    must(/^submissions-\d{4}-\d\d-\d\d\.csv$/.test(file.suggestedFilename()), `the file is called ${file.suggestedFilename()}`);
    const text = await readFile(await file.path(), "utf8");
    must(text.includes("export-1") && /# end of export: 1 rows, complete/.test(text), `the file is ${text}`);
    await page.getByText("Saved: 1 rows").waitFor();
    await look(page, "submissions-exported");

    // The same answer without its last message.
    let saved = 0;
    page.on("download", () => saved++);
    await page.route("**/ExportSubmissions", async (r) => {
      const answer = await r.fetch();
      const body = await answer.body();
      const first = 5 + body.readUInt32BE(1);
      const end = body.lastIndexOf(Buffer.from("{")) - 5;
      await r.fulfill({ response: answer, body: Buffer.concat([body.subarray(0, first), body.subarray(end)]) });
    });
    await page.getByRole("button", { name: "Export as CSV" }).click();
    await page.getByText("The file was cut off on its way").waitFor();
    await look(page, "submissions-export-cut");
    await page.unroute("**/ExportSubmissions");
    await page.route("**/ExportSubmissions", (r) => r.abort());
    await page.getByRole("button", { name: "Export as CSV" }).click();
    await page.getByText("No file was kept. Export again.").waitFor();
    must(saved === 0, "a file that is not whole was offered");
  },
};

/** Loading, trouble, and roles that see none. */
export const states: Task = {
  name: "the submissions say when they load, fail or are not open",
  async run({ hub, open, context, complaints }) {
    complaints.expect(/ERR_FAILED|Failed to load resource|403/);
    await hub.lodgeSearch("states-1");
    const page = await open("/submissions");
    await page.getByRole("row", { name: /states-1/ }).waitFor();
    let answer = () => {};
    const held = new Promise<void>((go) => (answer = go));
    await page.route("**/SearchSubmissions", async (r) => {
      await held;
      await r.abort();
    });
    await page.goto("/submissions");
    await page.getByText("Loading the submissions").waitFor({ state: "attached" });
    await look(page, "submissions-loading");
    answer();
    await page.getByText("The list of submissions is out of reach").waitFor();
    await look(page, "submissions-error");
    await page.unroute("**/SearchSubmissions");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("row", { name: /states-1/ }).waitFor();
    await context.clearCookies();
    const auditor = await open("/submissions", "auditor.harper");
    await auditor.getByRole("row", { name: /states-1/ }).waitFor();
    must((await auditor.getByRole("button", { name: "Export as CSV" }).count()) === 0, "an auditor is offered the export");
    await context.clearCookies();
    const other = await open("/submissions", "officer.blake");
    await other.getByText("Submissions are not open to your role").waitFor();
    await look(other, "submissions-no-permission");
  },
};

/** A desktop at 400 %: 320 by 256 pixels (WCAG 1.4.10). */
export const zoomed: Task = {
  name: "submissions and selected entries are usable at 400 % zoom",
  async run({ hub, browser }) {
    await hub.lodgeSearch("zoomed-1");
    const { context, complaints } = await profile(browser, hub.origin, { width: 320, height: 256 });
    try {
      const page = await signIn(context, undefined, "/submissions");
      await page.getByRole("row", { name: /zoomed-1/ }).waitFor();
      await look(page, "submissions-zoom400");
      await page.goto("/queue?order=newest");
      await choose(page, "checkbox", "Select zoomed-1 of nt-cp");
      await look(page, "queue-selected-zoom400");
      await page.getByRole("button", { name: "Set aside", exact: true }).click();
      await page.getByRole("dialog").getByText("1 entry that you selected.").waitFor();
      await look(page, "queue-act-zoom400");
      must(complaints.list.length === 0, complaints.list.join("; "));
    } finally {
      await context.close();
    }
  },
};
