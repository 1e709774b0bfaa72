import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { look } from "../axe.js";
import { profile, signIn } from "../browser.js";
import { tabTo } from "../keyboard.js";
import { must, type Task } from "../task.js";
import { until } from "../until.js";

const auditor = "auditor.harper";
const program = resolve(process.env.NOTICEHUB ?? "../../../bin/noticehub");

/** From a question to a proof that stands without the hub. */
export const prove: Task = {
  name: "an auditor finds who did something, proves it and verifies the proof offline",
  async run({ hub, open }) {
    const id = await hub.lodgeSearch("audit-1");
    await hub.cli("queue", "claim", id, "--as", "olive");
    const page = await open("/audit", auditor);
    await look(page, "audit");
    await page.getByRole("textbox", { name: "To what (object)" }).fill(`submission/${id}`);
    await page.getByRole("button", { name: "Search", exact: true }).click();
    const claimed = page.getByRole("row", { name: /olive \(officer\).*queue\.claimed/ });
    // An entry takes up to a second to its place in the log.
    await until("the claim is not in the log", async () => {
      await page.getByRole("button", { name: "Search", exact: true }).click();
      return claimed.waitFor({ timeout: 1_000 }).then(() => true, () => false);
    });
    await look(page, "audit-found");
    await page.mouse.move(300, 300); // somebody is at the window
    await page.waitForResponse("**/GetCheckpoint"); // the size that later ones are compared with
    await hub.lodgeSearch("audit-2");
    await page.getByText(/entr(y|ies) of any kind since you searched/).waitFor();
    await look(page, "audit-since");

    await claimed.getByRole("link", { name: /Entry \d+/ }).click();
    await page.getByRole("heading", { level: 1, name: /Entry \d+/ }).waitFor();
    await page.getByRole("link", { name: `submission/${id}` }).waitFor(); // the object leads to its screen
    await page.getByRole("heading", { name: "In the same record" }).waitFor();
    await page.getByRole("button", { name: "Prove this entry" }).click();
    await page.getByText(/The proof holds: entry \d+ is in the log of \d+ entries/).waitFor();
    await page.getByText("Leaf, hashes and checkpoint").click();
    await look(page, "audit-proved");

    const arriving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download the proof" }).click();
    const file = await (await arriving).path();
    const { publicKey } = await hub.rest<{ publicKey: string }>("GET", "/v1/audit/checkpoint", undefined, "harper.auditor");
    const { stdout } = await promisify(execFile)(program, ["audit", "verify", "--proof", "--log-key", publicKey, file]);
    must(stdout.includes("is proved"), `the proof does not verify offline: ${stdout}`);

    // A byte of the leaf changes on its way: the page finds that it does not fit.
    await page.route("**/GetProof", async (r) => {
      const answer = await r.fetch();
      const body = await answer.body();
      body[body.indexOf("queue.claimed")]! ^= 1;
      await r.fulfill({ response: answer, body });
    });
    await page.getByRole("button", { name: "Prove it again" }).click();
    await page.getByText("The proof does not hold").waitFor();
    await look(page, "audit-proof-altered");
    await page.unroute("**/GetProof");
    // Another entry's leaf and hashes hold for their own position, and not for this one.
    await page.route("**/GetProof", async (r) => {
      const body = Buffer.from(r.request().postDataBuffer()!);
      body[1]! ^= 1;
      await r.fulfill({ response: await r.fetch({ postData: body }) });
    });
    const [answered] = await Promise.all([page.waitForResponse("**/GetProof"), page.getByRole("button", { name: "Prove it again" }).click()]);
    await answered.finished();
    await page.locator("button[aria-busy=true]").waitFor({ state: "detached" });
    await page.getByText("The proof does not hold").waitFor();
    await page.unroute("**/GetProof");
    await page.getByRole("link", { name: `submission/${id}` }).click();
    await page.getByRole("heading", { level: 1, name: /audit-1/ }).waitFor();
  },
};

/** What is asked for without sense, and by the wrong people. */
export const auditStates: Task = {
  name: "audit: nothing asked, nothing found, rubbish, trouble and refusals",
  async run({ open, complaints, context }) {
    complaints.expect(/ERR_FAILED|Failed to load resource/);
    const page = await open("/audit", auditor);
    const asked: string[] = [];
    page.on("request", (r) => asked.push(r.url()));
    const search = () => page.getByRole("button", { name: "Search", exact: true }).click();
    await page.getByLabel("How it ended").selectOption("refused");
    await search();
    await page.getByText("Name an actor, an action, an object, a CRN, a method or a time.").waitFor();
    await look(page, "audit-nothing-asked");
    const rubbish = "'; DROP TABLE entry; -- <img src=x onerror=alert(1)> \u{1F4A5}";
    for (const box of await page.getByRole("search", { name: "Search the audit log" }).getByRole("textbox").all()) {
      if ((await box.getAttribute("type")) !== "datetime-local") await box.fill(rubbish);
    }
    await search();
    await page.getByText("An action is small letters and points").waitFor();
    await look(page, "audit-rubbish");
    must(!asked.some((u) => u.endsWith("/SearchEntries")), "rubbish was sent");
    await page.getByRole("button", { name: "Clear all" }).click();
    await page.getByRole("textbox", { name: "CRN" }).fill("200 000 007 s");
    await search();
    await page.waitForURL("**/audit#crn=200000007S");
    await page.getByRole("heading", { name: "What was found" }).waitFor();
    must(!asked.some((u) => u.includes("200000007S")), "the CRN was part of an address that was sent");

    await page.goto("/audit?actor=officer%3Anobody-of-that-name");
    await page.getByText("Nothing in the log matches.").waitFor();
    await look(page, "audit-empty");
    await page.goto("/audit?action=%3Cscript%3E");
    await page.getByText("The search cannot be shown for what was asked").waitFor();
    await look(page, "audit-refused-field");
    await page.goto("/audit?from=2024-01-01T00%3A00");
    await page.getByRole("link", { name: /Entry \d+/ }).first().waitFor();
    await page.getByRole("button", { name: "Older entries" }).click();
    await page.getByRole("button", { name: "Newer entries" }).click();
    await page.getByRole("link", { name: /Entry \d+/ }).first().waitFor();
    await page.goto("/audit/999999999");
    await page.getByText("The entry was not found").waitFor();
    await look(page, "audit-not-found");
    await page.goto("/audit/rubbish");
    await page.getByText("this is no number of one").waitFor();
    await look(page, "audit-no-number");

    await page.goto("/audit");
    let answer = () => {};
    const held = new Promise<void>((go) => (answer = go));
    await page.route("**/SearchEntries", async (r) => {
      await held;
      await r.abort();
    });
    await page.getByRole("textbox", { name: "Who (actor)" }).fill("officer:olive");
    await search();
    await page.getByText("Loading entries of the audit log").waitFor({ state: "attached" });
    await look(page, "audit-loading");
    answer();
    await page.getByText("The search is out of reach").waitFor();
    await look(page, "audit-error");
    await page.unroute("**/SearchEntries");

    await context.clearCookies();
    const officer = await open("/audit");
    await officer.getByText("The audit log is not open to your role").waitFor();
    await look(officer, "audit-no-permission");
    await officer.goto("/audit/0");
    await officer.getByText("The audit log is not open to your role").waitFor();
  },
};

export const auditNarrow: Task = {
  name: "audit by the keyboard alone, at 400 pixels and at 400 % zoom",
  async run({ hub, browser }) {
    for (const { name, ...size } of [
      { name: "400px", width: 400, height: 800 },
      { name: "zoom400", width: 320, height: 256 },
    ]) {
      const { context, complaints } = await profile(browser, hub.origin, size);
      try {
        const page = await signIn(context, auditor, "/audit");
        await tabTo(page, "What was done (action)");
        await page.keyboard.type("signin");
        await page.keyboard.press("Enter");
        await page.getByRole("row", { name: /signin/ }).first().waitFor();
        await look(page, `audit-${name}`);
        await tabTo(page, /^Entry \d+$/);
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { level: 1, name: /Entry/ }).waitFor();
        await tabTo(page, "Prove this entry");
        await page.keyboard.press("Enter");
        await page.getByText(/The proof holds/).waitFor();
        await look(page, `audit-entry-${name}`);
        must(complaints.list.length === 0, complaints.list.join("; "));
      } finally {
        await context.close();
      }
    }
  },
};
