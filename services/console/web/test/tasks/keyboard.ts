import { chooseAccount, officer } from "../browser.js";
import { focusIs, tabTo } from "../keyboard.js";
import { must, type Task } from "../task.js";

/** The same task without a mouse: only Tab, Space, Enter, arrows and letters. */
export const byKeyboard: Task = {
  name: "an officer does the same by the keyboard alone",
  async run({ hub, context }) {
    await hub.lodgeSearch("keyboard-1");
    const page = await context.newPage();
    await page.goto("/queue");
    await page.getByRole("heading", { name: "Sign in to NoticeHub" }).waitFor();
    await tabTo(page, "Sign in");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: officer }).waitFor();
    await tabTo(page, /contact-officer\.avery/);
    await page.keyboard.press("Enter");
    await page.getByRole("row", { name: /keyboard-1/ }).waitFor();

    await tabTo(page, "Skip to main content", 3);
    await page.keyboard.press("Enter");
    await focusIs(page, { id: "main-content" }, "the skip link does not lead to the main content");
    await tabTo(page, "Filters");
    await page.keyboard.press("Enter");
    await tabTo(page, "Authority’s reference");
    await page.keyboard.type("keyboard-1");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/queue#reference=keyboard-1");
    await page.waitForFunction(() => document.querySelectorAll("tbody th a").length === 1); // the list is the one asked for
    await tabTo(page, "keyboard-1");
    await tabTo(page, "Claim keyboard-1 of nt-cp");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Release keyboard-1 of nt-cp" }).waitFor();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /keyboard-1/ }).waitFor();
    await focusIs(page, { tag: "H1" }, "a new screen does not take the focus to its heading");
    await tabTo(page, /^Matched/);
    await page.keyboard.press("ArrowDown");
    must(await page.getByRole("radio", { name: "Not matched" }).isChecked(), "the arrow keys do not choose an outcome");
    await tabTo(page, "Note");
    await page.keyboard.type("Looked at the index.");
    await tabTo(page, /^I confirm/);
    await page.keyboard.press("Space");
    await tabTo(page, "Record the outcome");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(page, "Record Not matched", 5);
    await page.keyboard.press("Enter");
    await page.getByText("Recorded: Not matched").waitFor();
    await tabTo(page, "Go on with the queue", 3);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Unprocessed queue" }).waitFor();
    must((await page.getByRole("row", { name: /keyboard-1/ }).count()) === 0, "it is still in the queue");
  },
};

/** Signing in keeps the address one came with. */
export const comesBack: Task = {
  name: "whoever follows a link signs in and is where the link leads",
  async run({ hub, context }) {
    await hub.lodgeSearch("link-1");
    const page = await context.newPage();
    await page.goto("/queue?reason=NO_MATCH&order=newest");
    await page.getByRole("link", { name: "Sign in" }).click();
    await chooseAccount(page, officer);
    await page.getByRole("row", { name: /link-1/ }).waitFor();
    must(page.url().endsWith("/queue?reason=NO_MATCH&order=newest"), `the address became ${page.url()}`);
  },
};

/** What stands behind "#" is sent nowhere, and comes back all the same; a CRN does not even stay in the tab. */
export const keepsFragment: Task = {
  name: "whoever follows a link with a reference is there after signing in, and a CRN is kept nowhere",
  async run({ hub, context }) {
    await hub.lodgeSearch("fragment-1");
    const page = await context.newPage();
    const link = page.getByRole("link", { name: "Sign in" });
    const kept = () => page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));
    const asked: string[] = [];
    page.on("request", (r) => asked.push(r.url()));
    // The way to the provider is cut, so that what waits in the tab can be seen.
    await page.route("**/signin?**", (r) => r.fulfill({ status: 204 }));
    for (const secret of ["/customer#crn=200000007S", "/submissions#reference=200%20000%20007-s", "/queue?held=yes#crn=200000007S&reference=a"]) {
      await page.goto("about:blank");
      await page.goto(secret);
      await link.click();
      must((await kept()) === "{}", `of ${secret} the tab keeps ${await kept()}`);
    }
    await page.unroute("**/signin?**");
    await page.goto("about:blank");
    await page.goto("/queue?held=yes#reference=fragment-1");
    await link.click();
    await chooseAccount(page, officer);
    await page.getByRole("row", { name: /fragment-1/ }).waitFor();
    must(page.url().endsWith("/queue?held=yes#reference=fragment-1"), `the address became ${page.url()}`);
    must((await kept()) === "{}", "what stood behind # is still in the tab");
    must(!asked.some((u) => /fragment-1|200000007S/.test(u.split("#")[0]!)), "what stands behind # was sent");
  },
};
