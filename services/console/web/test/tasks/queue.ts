import { choose } from "../choose.js";
import { look } from "../axe.js";
import { profile, signIn } from "../browser.js";
import { focusIs, tabTo } from "../keyboard.js";
import { dayOf } from "../registry.js";
import { must, type Task } from "../task.js";

/** Chooses a row by its check box, which is drawn over. */
const select = (page: Parameters<typeof choose>[0], reference: string) => choose(page, "checkbox", `Select ${reference} of nt-cp`);

/** Some can be done and some cannot: each says why. */
export const bulk: Task = {
  name: "many entries are claimed at once, each with its result, and it is undone",
  async run({ hub, open }) {
    const ids: string[] = [];
    for (const n of [1, 2, 3]) ids.push(await hub.lodgeSearch(`bulk-${n}`));
    const page = await open("/queue?order=newest");
    for (const n of [1, 2, 3]) await select(page, `bulk-${n}`);
    await page.getByText("3 selected").waitFor();
    await look(page, "queue-selected");
    await hub.rest("POST", `/v1/queue/${ids[1]}:claim`, {});
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    const result = page.getByRole("status").filter({ hasText: "Claimed: 2 of 3" });
    await result.getByText("Could not be done: 1").waitFor();
    await result.getByText(/bulk-2.*held by olive/).waitFor();
    await look(page, "queue-bulk-result");
    await page.getByRole("button", { name: "Release bulk-1 of nt-cp" }).waitFor();
    await page.getByRole("link", { name: "Home" }).first().click();
    await page.getByRole("row", { name: /bulk-1/ }).waitFor();
    await page.getByRole("link", { name: "Unprocessed queue" }).first().click();
    await page.getByText("Could not be done: 1").waitFor();
    await page.getByRole("button", { name: "Undo: release 2" }).click();
    await page.getByText("Released: 2 of 2").waitFor();
    await page.getByRole("button", { name: "Dismiss" }).click();
    await page.getByText("Released: 2 of 2").waitFor({ state: "detached" });
    await hub.rest("POST", `/v1/queue/${ids[1]}:release`, {});
    await page.goto("/queue?officer=me&held=yes");
    await page.waitForFunction(() => document.querySelector("tbody th a") !== null || document.body.textContent.includes("Nothing in the queue matches"));
    must((await page.getByRole("row", { name: /bulk-/ }).count()) === 0, "an entry is still held");
  },
};

/** A supervisor gives work to others: by the list of people, with a reason; and what waits longest. */
export const assign: Task = {
  name: "a supervisor assigns entries with a reason, and sets one aside",
  async run({ hub, open }) {
    for (const n of [1, 2]) await hub.lodgeSearch(`assign-${n}`);
    const page = await open("/queue?order=newest", "supervisor.gray");
    for (const n of [1, 2]) await select(page, `assign-${n}`);
    await page.getByRole("button", { name: "Assign", exact: true }).click();
    await page.getByRole("dialog").getByText("2 entries that you selected.").waitFor();
    await page.getByRole("button", { name: "Assign 2", exact: true }).click();
    await page.getByText("Choose an officer.").or(page.getByText("Say why, in 3 to 1000 characters.")).first().waitFor();
    await look(page, "queue-assign-problems");
    await page.getByRole("combobox", { name: "Officer" }).selectOption("supervisor.gray");
    await page.getByRole("textbox", { name: "Why" }).fill("Knows the cases");
    await look(page, "queue-assign");
    await page.getByRole("button", { name: "Assign 2", exact: true }).click();
    await page.getByText("Assigned: 2 of 2").waitFor();
    await page.getByRole("button", { name: "Dismiss" }).click();
    await page.getByRole("button", { name: "Release assign-1 of nt-cp" }).waitFor();
    await page.goto("/");
    await page.getByRole("heading", { name: "Team load" }).waitFor();
    await page.getByRole("row", { name: /^supervisor\.gray/ }).waitFor();
    await look(page, "home-supervisor");
    await page.getByRole("row", { name: /^supervisor\.gray/ }).getByRole("link").click();
    await page.getByRole("row", { name: /assign-2/ }).waitFor();
    await choose(page, "checkbox", "Select all on this page");
    await page.getByRole("button", { name: "Set aside", exact: true }).click();
    await page.getByLabel("Set aside until", { exact: true }).fill(await dayOf(hub, 5));
    await page.getByRole("textbox", { name: "Why" }).fill("Away this week");
    await page.getByRole("button", { name: "Set 2 aside" }).click();
    await page.getByText("Set aside: 2 of 2").waitFor();
    await page.getByRole("row", { name: /assign-1.*Set aside until/ }).waitFor();
    await page.getByRole("button", { name: "Dismiss" }).click();
    await choose(page, "checkbox", "Select all on this page");
    await page.getByRole("button", { name: "Release", exact: true }).click();
    await page.getByText("Released: 2 of 2").waitFor();
  },
};

/** More than a page: the hub counts, the officer confirms the total. */
export const matching: Task = {
  name: "all that match are acted on after the total was confirmed",
  async run({ hub, open }) {
    const rows = Array.from({ length: 30 }, (_, i) => `matching-${i}`);
    for (let i = 0; i < rows.length; i += 5) await Promise.all(rows.slice(i, i + 5).map((r) => hub.lodgeSearch(r)));
    const page = await open("/queue?reason=NO_MATCH&held=yes&order=newest");
    await page.getByText(/Showing 1 to 25 of \d+/).waitFor();
    const total = Number(/of (\d+)/.exec((await page.getByText(/Showing 1 to 25 of \d+/).textContent()) ?? "")?.[1]);
    await page.getByText("By reason and authority").click();
    await page.getByRole("link", { name: `No match (${total})` }).waitFor();
    await look(page, "queue-by-reason");
    await page.getByRole("button", { name: "Next page" }).click();
    await page.getByText(new RegExp(`Showing 26 to \\d+ of ${total}`)).waitFor();
    await page.getByRole("button", { name: "First page" }).click();
    await page.getByText(/Showing 1 to 25/).waitFor();
    await choose(page, "checkbox", "Select all on this page");
    await page.getByText("25 selected").waitFor();
    await page.getByRole("button", { name: "Select all that match" }).click();
    await page.getByText(`All ${total} that match are selected`).waitFor();
    await page.getByRole("button", { name: "Claim", exact: true }).click();
    await page.getByRole("dialog").getByText(`All ${total} entries that match`).waitFor();
    await look(page, "queue-confirm-all");
    await page.getByRole("dialog").getByRole("button", { name: `Claim ${total}` }).click();
    await page.getByText(new RegExp(`Claimed: \\d+ of ${total}`)).waitFor();
    await look(page, "queue-all-claimed");
    await page.getByRole("button", { name: /^Undo: release/ }).click();
    await page.getByText(/Released: \d+ of \d+/).waitFor();
    await page.getByRole("button", { name: "Dismiss" }).click();
  },
};

/** Named filters, for oneself and for the team. */
export const views: Task = {
  name: "an officer saves a view, shares it, and another officer uses it; one is renamed and deleted",
  async run({ hub, browser, open, complaints }) {
    complaints.expect(/409|400/);
    await hub.lodgeSearch("views-1");
    const page = await open("/queue?reason=NO_MATCH&order=newest");
    await page.goto("/queue?reason=NO_MATCH&order=newest#reference=views-1");
    await page.getByRole("button", { name: "Save this filter" }).click();
    await page.getByText("they are not part of a saved view").waitFor();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Give it a name.").waitFor();
    await page.getByRole("textbox", { name: "Name" }).fill("Newest <b>without</b> match");
    await choose(page, "checkbox", "Share it with the team");
    await look(page, "queue-save-view");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("link", { name: "Newest <b>without</b> match" }).waitFor();
    await page.getByRole("button", { name: "Save this filter" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("Newest <b>without</b> match");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("alert").waitFor();
    await look(page, "queue-view-conflict");
    await page.getByRole("button", { name: "Go back" }).click();

    const second = await profile(browser, hub.origin);
    const other = await signIn(second.context, "supervisor.gray", "/queue");
    await other.getByRole("link", { name: "Newest <b>without</b> match (contact-officer.avery)" }).click();
    await other.waitForURL("**/queue?reason=NO_MATCH&order=newest");
    await other.getByRole("row", { name: /views-1/ }).waitFor();
    must(second.complaints.list.length === 0, second.complaints.list.join("; "));
    await second.context.close();

    await page.getByRole("button", { name: "Change saved views" }).click();
    await page.getByRole("textbox", { name: /^Name of/ }).fill("Newest first");
    await look(page, "queue-views");
    await page.getByRole("button", { name: /^Save “/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete Newest first …" }).click();
    await page.getByRole("button", { name: "Delete “Newest first” for everybody" }).click();
    await page.getByText("There is none that you may change.").waitFor();
    await page.getByRole("button", { name: "Close modal" }).click();
    must((await page.getByRole("link", { name: "Newest first" }).count()) === 0, "a deleted view is still there");
  },
};

/** Single keys, their help, and their off switch; filters without a mouse. */
export const keys: Task = {
  name: "the queue is searched and worked by single keys, which can be turned off",
  async run({ hub, open }) {
    await hub.lodgeSearch("keys-1");
    const page = await open("/queue?order=newest");
    await page.getByRole("row", { name: /keys-1/ }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("Go to the next row").waitFor();
    await look(page, "queue-shortcuts");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("/");
    await focusIs(page, { tag: "SELECT" }, "/ does not lead to the filters");
    await tabTo(page, "Authority’s reference");
    await page.keyboard.type("keys-1"); // the letters are no shortcuts here
    await tabTo(page, "Also what is set aside");
    await page.keyboard.press("Space");
    await tabTo(page, "Search");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/queue?held=yes&order=newest#reference=keys-1");
    await page.getByRole("row", { name: /keys-1/ }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll("tbody th a").length === 1);
    await page.keyboard.press("n");
    await focusIs(page, { text: "keys-1" }, "n does not go to the next row");
    await page.keyboard.press("c");
    await page.getByRole("button", { name: "Release keys-1 of nt-cp" }).waitFor();
    await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
    await page.getByText("Use these keys").click();
    await page.keyboard.press("Escape");
    await page.reload();
    await page.getByRole("row", { name: /keys-1/ }).waitFor();
    await page.keyboard.press("?");
    must((await page.getByRole("dialog").count()) === 0, "a shortcut works though they are turned off");
    await page.getByRole("button", { name: "Release keys-1 of nt-cp" }).click();
    await page.getByRole("button", { name: "Claim keys-1 of nt-cp" }).waitFor();
  },
};

/** What people paste by mistake. */
export const rubbish: Task = {
  name: "rubbish pasted into every filter is told, or finds nothing",
  async run({ hub, open, complaints }) {
    complaints.expect(/400/);
    await hub.lodgeSearch("rubbish-1");
    const text = "\u0000<script>alert(1)</script>'; DROP TABLE x; -- 😀\u202e%00\n".repeat(40);
    for (const list of ["queue", "submissions"]) {
      const page = await open(`/${list}`);
      if (list === "queue") await page.getByText("Filters", { exact: true }).click();
      const fields = ["CRN", "Authority’s reference", "Held by officer", ...(list === "queue" ? ["Waiting for at least (days)"] : [])];
      for (const field of fields) await page.getByRole("textbox", { name: field }).fill(text);
      await page.getByRole("button", { name: "Search", exact: true }).click();
      await page.getByText("A CRN is nine digits and a letter").waitFor();
      must(await page.evaluate(() => document.activeElement?.getAttribute("aria-invalid") === "true"), "the first field with a problem has not the focus");
      await look(page, `${list}-filter-problems`);
      await page.getByRole("textbox", { name: "CRN" }).fill(" 200 000 007s ");
      if (list === "queue") await page.getByRole("textbox", { name: "Waiting for at least (days)" }).fill("0");
      await page.getByLabel("Lodged from").fill("2026-03-02");
      await page.getByLabel("Lodged until").fill("2026-03-01");
      await page.getByRole("button", { name: "Search", exact: true }).click();
      await page.getByText("This is before the first day.").waitFor();
      await page.getByLabel("Lodged until").fill("9999-12-31");
      await page.getByRole("button", { name: "Search", exact: true }).click();
      await page.getByText("This is no date the hub can look for.").waitFor();
      await page.getByLabel("Lodged until").fill("2026-03-03");
      await page.getByRole("button", { name: "Search", exact: true }).click();
      await page.getByText(/Nothing in the queue matches|No submission matches/).waitFor();
      must(!page.url().split("#")[0]!.includes("200000007S"), "a CRN stands in the address that is sent");
      await page.context().clearCookies();
      await page.close();
    }
  },
};
