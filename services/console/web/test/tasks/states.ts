import { look } from "../axe.js";
import { must, type Task } from "../task.js";

/** Runs first, on a hub in which nothing was lodged. */
export const empty: Task = {
  name: "an empty queue says so",
  async run({ open }) {
    const page = await open("/");
    await page.getByText("The queue is empty").waitFor();
    await look(page, "home-empty");
    await page.goto("/queue");
    await page.getByText("The queue is empty").waitFor();
    await look(page, "queue-empty");
    await page.goto("/queue?reason=NO_MATCH");
    await page.getByText("Nothing in the queue matches these filters.").waitFor();
    await page.getByText("Filters (1 in use)").click();
    await page.getByRole("combobox", { name: "Authority" }).waitFor();
    await look(page, "queue-no-match");
  },
};

export const trouble: Task = {
  name: "loading, trouble and refusals each look different and say what to do",
  async run({ hub, open, complaints, context }) {
    complaints.expect(/ERR_FAILED|Failed to load resource|40[34]|403|404/);
    const id = await hub.lodgeSearch("trouble-1");
    const page = await open("/");
    let answer = () => {};
    const held = new Promise<void>((go) => (answer = go));
    await page.route("**/SearchSubmissions", async (r) => {
      await held;
      await r.abort();
    });
    await page.getByRole("link", { name: "Unprocessed queue" }).first().click();
    await page.getByText("Loading the queue").waitFor({ state: "attached" });
    await look(page, "queue-loading");
    answer();
    await page.getByText("The queue is out of reach").waitFor();
    await look(page, "queue-error");
    await page.unroute("**/SearchSubmissions");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("row", { name: /trouble-1/ }).waitFor();

    await page.goto("/submissions/0197b3c2-0000-7000-8000-000000000001");
    await page.getByText("The submission was not found").waitFor();
    await look(page, "submission-not-found");
    await page.goto("/submissions/rubbish");
    await page.getByText("The submission cannot be shown for what was asked").waitFor();
    const gone = await page.goto("/customers/everything");
    must(gone?.status() === 404, "an unknown address is not 404");
    await look(page, "no-such-page");
    await page.goto("/queue?type=RUBBISH&from=2026-99-99&page=%00rubbish#crn=<script>");
    await page.getByRole("alert").waitFor();
    await look(page, "queue-rubbish");

    await context.clearCookies();
    const other = await open(`/submissions/${id}`, "officer.blake");
    await other.getByText("The submission is not open to your role").waitFor();
    await look(other, "submission-no-permission");
    await other.getByRole("link", { name: "Home" }).first().click();
    await other.getByText("The queue is not open to your role").waitFor();
    await look(other, "home-no-permission");

    await context.clearCookies();
    const auditor = await open(`/submissions/${id}`, "auditor.harper");
    await auditor.getByText("It is not shown").waitFor();
    must((await auditor.getByRole("button", { name: "Claim" }).count()) === 0, "an auditor is offered to claim");
    await look(auditor, "submission-auditor");
  },
};

/** Restricted records are masked, and the screen says so. */
export const restricted: Task = {
  name: "a restricted record is masked, and the screen says so",
  async run({ hub, open }) {
    type Customer = { crn: string; name: { familyName: string }; dateOfBirth: string; recordVersion: string };
    const { customer } = await hub.rest<{ customer: Customer }>("GET", "/v1/customers/200000008T", undefined, "rae.restricted-access-officer");
    await hub.rest("PUT", `/v1/customers/${customer.crn}`, { customer: { ...customer, restrictedAccess: true }, expectedVersion: customer.recordVersion }, "rae.restricted-access-officer");
    await hub.cli("submit", "--as", "nt-cp", "--type", "disclosure", "--crn", customer.crn, "--family", customer.name.familyName, "--born", customer.dateOfBirth, "--reference", "restricted-1");
    const page = await open(`/submissions/${await hub.idOf("restricted-1")}`);
    await page.getByText("Something is not shown").waitFor();
    await look(page, "submission-restricted");
    await page.getByRole("button", { name: "Claim" }).click();
    await page.getByRole("radio", { name: "Not disclosed" }).waitFor();
    must((await page.getByRole("radio", { name: "Eligible", exact: true }).count()) === 0, "an outcome that discloses is offered");
  },
};
