import { look } from "../axe.js";
import { profile, signIn } from "../browser.js";
import { tabTo } from "../keyboard.js";
import { must, type Task } from "../task.js";

/** What somebody who keeps the hub running looks at. */
export const health: Task = {
  name: "a supervisor sees how the services do, what stands still and who holds how much",
  async run({ hub, open }) {
    const id = await hub.lodgeSearch("load-1");
    await hub.lodgeSearch("load-2");
    await hub.cli("queue", "claim", id, "--as", "lou");
    const page = await open("/operations", "supervisor.gray");
    await page.getByRole("row", { name: /Automatic processing/ }).first().waitFor();
    await page.getByRole("img", { name: /Transactions of .* in the last 2 minutes/ }).first().waitFor();
    await page.getByText("Nothing is parked").waitFor();
    await page.getByRole("row", { name: /lou 1 / }).waitFor();
    await page.getByRole("link", { name: /submissions? waits? for an officer/ }).waitFor();
    await page.getByText("What was looked for and not found").click();
    await look(page, "operations");
    // Nobody does anything, and the numbers are asked for each second all the same.
    await page.mouse.move(200, 200);
    const asked: number[] = [];
    page.on("request", (r) => r.url().endsWith("/GetHealth") && asked.push(performance.now()));
    for (let i = 0; i < 5; i++) await page.waitForRequest("**/GetHealth");
    const pauses = asked.slice(1).map((at, i) => at - asked[i]!);
    must(Math.min(...pauses) < 1_500, `the health was asked for after pauses of ${pauses.map(Math.round).join(", ")} ms`);
    await hub.cli("queue", "claim", await hub.lodgeSearch("load-3"), "--as", "lou");
    await page.getByRole("row", { name: /lou 2 / }).waitFor();
    await page.getByLabel("State").selectOption("quarantined");
    await page.getByText("Nothing that failed matches these filters.").waitFor();
    must(page.url().endsWith("?state=quarantined"), "the filter is not in the address");
    await look(page, "operations-no-match");
  },
};

/** Reports that nobody fetches stand still, and the way to them is here. */
export const standing: Task = {
  name: "work that stands still is found, with how to fix it",
  async run({ hub, open }) {
    await hub.cli("clock", "advance", "--days", "5");
    const page = await open("/operations", "administrator.indigo");
    await page.getByRole("heading", { name: /Daily reports that their authority had not fetched/ }).waitFor();
    await page.getByText(/How to fix it: Ask the authority/).waitFor();
    await page.getByText(/^The oldest/).first().click();
    await look(page, "operations-stuck");
    must((await page.getByRole("heading", { name: "Team load" }).count()) === 0, "an administrator is shown what officers hold");
  },
};

/** The parts fail by themselves, and a stale list is refused by the hub. */
export const operationsStates: Task = {
  name: "operations: each part fails apart, and a role sees what is open to it",
  async run({ open, complaints, context }) {
    complaints.expect(/ERR_FAILED|Failed to load resource/);
    const page = await open("/", "supervisor.gray");
    let answer = () => {};
    const held = new Promise<void>((go) => (answer = go));
    await page.route("**/GetHealth", async (r) => {
      await held;
      await r.abort();
    });
    await page.route("**/ListParked", (r) => r.abort());
    await page.getByRole("link", { name: "Operations" }).first().click();
    await page.getByText("Loading the services’ health").waitFor({ state: "attached" });
    await page.getByRole("heading", { name: "Team load" }).waitFor();
    await look(page, "operations-loading");
    answer();
    await page.getByText("The services’ health could not be loaded").waitFor();
    await page.getByText("The list of technical failures is out of reach").waitFor();
    must(await page.getByRole("heading", { name: "Work that stands still" }).isVisible(), "one part’s failure takes others away");
    await look(page, "operations-error");
    await page.unroute("**/GetHealth");
    await page.unroute("**/ListParked");
    await page.getByRole("row", { name: /Automatic processing/ }).first().waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("Nothing is parked").waitFor();
    await page.route("**/GetHealth", (r) => r.abort());
    await page.getByText("What is shown below is as it was.").waitFor();
    must(await page.getByRole("row", { name: /Automatic processing/ }).first().isVisible(), "the last numbers are gone");
    await look(page, "operations-out-of-reach");

    await context.clearCookies();
    const officer = await open("/operations?service=%3Cscript%3E&state=rubbish");
    await officer.getByText("Supervisors, administrators and auditors see which events failed.").waitFor();
    must((await officer.getByRole("button", { name: /Redrive/ }).count()) === 0, "a contact officer is offered to redrive");
    await look(officer, "operations-contact-officer");
    await context.clearCookies();
    const other = await open("/operations", "officer.blake");
    await other.getByText("Operations are not open to your role").waitFor();
    await look(other, "operations-no-permission");
  },
};

const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)]);
type Field = [number: number, value: string | number | Buffer];
/** A message of the contract: strings, messages and small numbers. */
const message = (...fields: Field[]): Buffer =>
  Buffer.concat(
    fields.map(([n, v]) => {
      if (typeof v === "number") return Buffer.from([...varint(n << 3), ...varint(v)]);
      const bytes = Buffer.from(v as string);
      return Buffer.concat([Buffer.from([...varint((n << 3) | 2), ...varint(bytes.length)]), bytes]);
    }),
  );

const [id, cause] = ["0197b3c2-0000-7000-8000-000000000001", "EVENT_INVALID: the event has no body this version knows"];
const place: Field[] = [[1, "workitems"], [2, "workitems-register"]];

/**
 * A page that stood open while somebody else repaired: what it lists is parked no
 * more. A hub that is well parks nothing, so the list is written here; what is sent
 * from it goes to the real hub, which knows better.
 */
export const stale: Task = {
  name: "an administrator drives a failure again that somebody else drove before",
  async run({ hub, open, complaints }) {
    complaints.expect(/Failed to load resource/);
    const consumers = await hub.rest<{ services: { service: string; consumers?: { consumer: string }[] }[] }>("GET", "/v1/operations/health");
    const real = consumers.services.find((s) => s.service === "workitems")?.consumers?.[0];
    must(real, "work items have no consumer");
    place[1] = [2, real.consumer];
    const event = message(...place, [3, id], [4, 3], [5, 5], [6, cause], [7, message([1, 1_790_000_000])], [9, "0af7651916cd43dd8448eb211c80319c"]);
    const retried = message(...place, [3, id.replace(/1$/, "2")], [4, 1], [5, 2], [6, "UNAVAILABLE: it may go well later"], [7, message([1, 1_790_000_000])], [8, message([1, 1_790_000_600])]);
    const body = message([1, event], [1, retried], [3, message(...place, [3, 3], [4, cause], [5, 7], [6, message([1, 1_790_000_000])])]);
    const page = await open("/", "administrator.indigo");
    await page.route("**/ListParked", (r) => r.fulfill({ status: 200, contentType: "application/proto", body }));
    await page.goto("/operations");
    await page.getByRole("row", { name: /EVENT_INVALID.*7/ }).first().waitFor();
    await look(page, "operations-parked");

    let sent = 0;
    page.on("request", (r) => r.url().endsWith("/RedriveParked") && sent++);
    await page.getByRole("button", { name: "Redrive all 7" }).click();
    const dialog = page.getByRole("dialog", { name: "Drive all 7 events of this cause again?" });
    await dialog.getByRole("button", { name: "Drive 7 events again" }).click();
    await dialog.getByText("Say why, in at least 3 characters.").waitFor();
    await dialog.getByRole("textbox", { name: "Reason" }).fill("The new program reads them.");
    await look(page, "operations-redrive");
    await dialog.getByRole("button", { name: "Drive 7 events again" }).dblclick();
    await page.getByText(/Nothing was driven again/).waitFor();
    must(sent === 1, `it was sent ${sent} times`);
    await look(page, "operations-redriven");

    await tabTo(page, new RegExp(`^Redrive ${id}`));
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Drive this event again?" }).waitFor();
    await tabTo(page, "Reason", 8);
    await page.waitForResponse((r) => r.url().endsWith("/GetHealth")); // which draws the screen again and must leave the focus alone
    await page.keyboard.type("It is repaired.");
    await tabTo(page, "Drive it again", 5);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByText("It is not there any more").waitFor();
    await page.getByText("Somebody else may have driven it again meanwhile").waitFor();
    await look(page, "operations-redrive-refused");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  },
};

export const operationsNarrow: Task = {
  name: "operations at 400 pixels and at 400 % zoom",
  async run({ hub, browser }) {
    for (const { name, ...size } of [
      { name: "400px", width: 400, height: 800 },
      { name: "zoom400", width: 320, height: 256 },
    ]) {
      const { context, complaints } = await profile(browser, hub.origin, size);
      try {
        const page = await signIn(context, "supervisor.gray", "/operations");
        await page.getByRole("row", { name: /Automatic processing/ }).first().waitFor();
        await page.getByRole("heading", { name: "How long entries have waited" }).waitFor();
        await look(page, `operations-${name}`);
        must(complaints.list.length === 0, complaints.list.join("; "));
      } finally {
        await context.close();
      }
    }
  },
};
