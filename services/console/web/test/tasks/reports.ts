import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { choose } from "../choose.js";
import { look } from "../axe.js";
import { profile, signIn } from "../browser.js";
import type { Hub } from "../hub.js";
import { focusIs, tabTo } from "../keyboard.js";
import { must, type Task } from "../task.js";

const authority = "nt-cp";

type Deliveries = { collectingFor: string };
type Known = { customer: { crn: string; name: { familyName: string; givenName: string }; dateOfBirth: string } };

/** "24 Nov 2026" of yyyy-mm-dd. */
const inWords = (date: string) => new Intl.DateTimeFormat("en-AU", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(Date.parse(date));

/** Lodges a search that matches by itself, and seals the report it stands in. Returns the report's date. */
async function sealed(hub: Hub, reference: string, crn: string): Promise<string> {
  const { customer: c } = await hub.rest<Known>("GET", `/v1/customers/${crn}`, undefined, "rae.restricted-access-officer");
  const who = ["--crn", c.crn, "--family", c.name.familyName, "--given", c.name.givenName, "--born", c.dateOfBirth];
  await hub.cli("submit", "--as", authority, "--type", "find-mutual-client", ...who, "--reference", reference);
  const { collectingFor } = await hub.rest<Deliveries>("GET", `/v1/reports:deliveries?authority_id=${authority}`);
  await hub.cli("clock", "advance", "--to", collectingFor);
  return collectingFor;
}

const stands = (page: Page, words: string) => page.getByRole("definition").getByText(words, { exact: true }).waitFor();

/** The day of a report, from collecting to acknowledged and back. */
export const deliver: Task = {
  name: "a contact officer follows a daily report, downloads it and offers it again",
  async run({ hub, open }) {
    const page = await open("/reports");
    await page.getByRole("row", { name: new RegExp(`${authority}.*Collecting`) }).first().waitFor();
    await page.getByText(/Next cut-off in/).waitFor();
    await look(page, "reports-collecting");

    const date = await sealed(hub, "report-1", "200000007S");
    const row = page.getByRole("row", { name: new RegExp(`${authority}, ${inWords(date)}`) });
    await row.getByText("Sealed, not fetched").waitFor();
    await look(page, "reports-sealed");
    await row.getByRole("link").click();
    await stands(page, "Sealed, not fetched");
    await page.getByRole("button", { name: "Show the lines" }).click();
    await page.getByRole("row", { name: /report-1.*Matched/ }).waitFor();
    await page.getByRole("button", { name: "Preview the CSV" }).click();
    await page.getByRole("region", { name: "Preview of the CSV" }).getByText("submission_id,reference").waitFor();
    await page.getByText("Digests and signature").click();
    await look(page, "report-sealed");
    await page.getByRole("button", { name: "Preview the JSON" }).click();
    await page.getByRole("region", { name: "Preview of the JSON" }).getByText('"report_id"').waitFor();

    const arriving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download the CSV" }).click();
    const file = await arriving;
    await page.getByText(`${file.suggestedFilename()} is genuine`).waitFor();
    const digest = createHash("sha256").update(await readFile(await file.path())).digest("hex");
    must((await page.getByText(digest).count()) === 2, "the digest of the file is not the one shown as sealed and as computed");
    await look(page, "report-downloaded");

    // On its way to the page a byte changes: the file is not offered.
    await page.route("**/StreamReport", async (r) => {
      const answer = await r.fetch();
      const body = await answer.body();
      body[body.indexOf("submission_id")]! ^= 1;
      await r.fulfill({ response: answer, body });
    });
    let offered = false;
    page.on("download", () => (offered = true));
    await page.getByRole("button", { name: "Download the CSV" }).click();
    await page.getByText("The file arrived damaged").waitFor();
    must(!offered, "a damaged file was offered");
    await look(page, "report-damaged");
    await page.unroute("**/StreamReport");

    await hub.cli("report", "get", date, "--as", authority);
    await stands(page, "Delivered, not acknowledged");
    await hub.cli("report", "ack", date, "--as", authority);
    await stands(page, "Acknowledged");

    await page.getByRole("button", { name: "Redeliver the report" }).click();
    const dialog = page.getByRole("dialog", { name: `Redeliver the report of ${inWords(date)} to ${authority}?` });
    await dialog.getByRole("button", { name: `Redeliver to ${authority}` }).click();
    await dialog.getByText("Say why, in at least 3 characters.").waitFor();
    await dialog.getByRole("textbox", { name: "Reason" }).fill("<b>Lost</b> on their side & asked for again");
    await look(page, "report-redeliver");
    await page.reload();
    await page.getByRole("button", { name: "Redeliver the report" }).click();
    must((await dialog.getByRole("textbox", { name: "Reason" }).inputValue()).startsWith("<b>Lost</b>"), "the reason was lost by a reload");
    await dialog.getByRole("button", { name: `Redeliver to ${authority}` }).dblclick();
    await page.getByText("Offered again").first().waitFor();
    await stands(page, "Sealed, not fetched");
    await stands(page, "Once");
    await look(page, "report-redelivered");
    must(!JSON.stringify(await page.evaluate(() => ({ ...sessionStorage }))).includes("Lost"), "the reason is still kept after it was sent");
    await hub.cli("report", "get", date, "--as", authority);
    await stands(page, "Delivered, not acknowledged");
  },
};

/** What nobody fetched in time, and the filters. */
export const overdue: Task = {
  name: "a supervisor sees which reports are overdue and narrows the list",
  async run({ hub, open }) {
    const date = await sealed(hub, "report-2", "200000020V");
    await hub.cli("clock", "advance", "--days", "5");
    const page = await open(`/reports?authority=${authority}`, "supervisor.gray");
    await page.getByRole("row", { name: new RegExp(`${inWords(date)}.*Overdue`) }).waitFor();
    await choose(page, "checkbox", "Overdue first");
    await page.waitForURL("**overdue=first");
    await page.locator("tbody tr").first().getByText("Overdue").first().waitFor();
    await look(page, "reports-overdue");
    await page.getByText(/Filters \(1 in use\)/).click();
    await page.getByLabel("First report date").fill("2020-02-02");
    await page.getByLabel("Last report date").fill("2020-01-01");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByText("This is before the first day.").waitFor();
    await look(page, "reports-bad-period");
    await page.getByLabel("Last report date").fill("2020-03-03");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByText("There is no report for these filters").waitFor();
    await look(page, "reports-none");
    await page.getByRole("button", { name: "Clear all filters" }).last().click();
    await page.getByRole("row", { name: new RegExp(inWords(date)) }).first().waitFor();
    await page.getByRole("link", { name: new RegExp(`${authority}, ${inWords(date)}`) }).click();
    await page.getByText("This report is overdue").waitFor();
    await look(page, "report-overdue");
  },
};

export const reportStates: Task = {
  name: "daily reports: loading, trouble, refusals and rubbish each look different",
  async run({ open, complaints, context }) {
    complaints.expect(/ERR_FAILED|Failed to load resource/);
    const page = await open("/");
    let answer = () => {};
    const held = new Promise<void>((go) => (answer = go));
    await page.route("**/ListDeliveries", async (r) => {
      await held;
      await r.abort();
    });
    await page.getByRole("link", { name: "Daily reports" }).first().click();
    await page.getByText("Loading the daily reports").waitFor({ state: "attached" });
    await look(page, "reports-loading");
    answer();
    await page.getByText("The list of daily reports is out of reach").waitFor();
    await look(page, "reports-error");
    await page.unroute("**/ListDeliveries");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("row", { name: new RegExp(authority) }).first().waitFor();

    for (const address of ["/reports/nobody/2026-11-24", "/reports/%3Cscript%3E/2026-99-99", "/reports/nt-cp/2026-11-22"]) {
      await page.goto(address);
      await page.getByText("There is no report of this authority for this day").waitFor();
    }
    await look(page, "report-none");
    await page.goto("/reports?from=rubbish&to=2026-99-99&overdue=%00");
    await page.getByRole("row", { name: new RegExp(authority) }).first().waitFor();
    await page.goto("/reports?authority=%3Cscript%3E");
    await page.getByText("The list of daily reports cannot be shown for what was asked").waitFor();
    await look(page, "reports-rubbish");

    await context.clearCookies();
    const other = await open("/reports", "officer.blake");
    await other.getByText("Daily reports are not open to your role").waitFor();
    await look(other, "reports-no-permission");

    await context.clearCookies();
    const keeper = await open("/reports", "administrator.indigo");
    await keeper.getByRole("link", { name: new RegExp(authority) }).last().click();
    await keeper.getByText("What stands in the report names customers").waitFor();
    must((await keeper.getByRole("button", { name: "Redeliver the report" }).count()) === 0, "an administrator is offered to redeliver");
    await look(keeper, "report-administrator");
  },
};

export const reportsNarrow: Task = {
  name: "daily reports by the keyboard alone, at 400 pixels and at 400 % zoom",
  async run({ hub, browser }) {
    const date = await sealed(hub, "report-3", "200000007S");
    for (const { name, ...size } of [
      { name: "400px", width: 400, height: 800 },
      { name: "zoom400", width: 320, height: 256 },
    ]) {
      const { context, complaints } = await profile(browser, hub.origin, size);
      try {
        const page = await signIn(context, undefined, `/reports?from=${date}&to=${date}`);
        await page.getByRole("row", { name: /Sealed|Delivered/ }).first().waitFor();
        await look(page, `reports-${name}`);
        await tabTo(page, new RegExp(`^${authority}, `));
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { level: 1, name: /Daily report of/ }).waitFor();
        await tabTo(page, "Redeliver the report");
        await page.keyboard.press("Enter");
        await page.getByRole("dialog").waitFor();
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
        await focusIs(page, { text: "Redeliver the report" }, "the focus does not come back from the dialog");
        await tabTo(page, "Show the lines");
        await page.keyboard.press("Enter");
        await page.getByRole("row", { name: /^report-3/ }).waitFor();
        await look(page, `report-${name}`);
        must(complaints.list.length === 0, complaints.list.join("; "));
      } finally {
        await context.close();
      }
    }
  },
};
