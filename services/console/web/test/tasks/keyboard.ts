import { chooseAccount, officer } from "../browser.js";
import { tabTo } from "../keyboard.js";
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
    must(await page.evaluate(() => document.activeElement?.id === "main-content"), "the skip link does not lead to the main content");
    await tabTo(page, "Filters");
    await page.keyboard.press("Enter");
    await tabTo(page, "Authority’s reference");
    await page.keyboard.type("keyboard-1");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/queue#reference=keyboard-1");
    await tabTo(page, "keyboard-1");
    await tabTo(page, "Claim keyboard-1 of nt-cp");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Release keyboard-1 of nt-cp" }).waitFor();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /keyboard-1/ }).waitFor();
    must(await page.evaluate(() => document.activeElement?.tagName === "H1"), "a new screen does not take the focus to its heading");
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
