import { choose } from "../choose.js";
import { look } from "../axe.js";
import { profile, signIn } from "../browser.js";
import { must, type Task } from "../task.js";

/** Two people change one shared view: the second is told, keeps what was typed, and sees what it is now. */
export const viewChanged: Task = {
  name: "an officer renames a saved view that a supervisor changed meanwhile, and loses no word",
  async run({ hub, browser, open, complaints }) {
    complaints.expect(/status of 409/);
    const page = await open("/queue?reason=NO_MATCH");
    await page.getByRole("button", { name: "Save this filter" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("Without match");
    await choose(page, "checkbox", "Share it with the team");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("link", { name: "Without match" }).waitFor();
    await page.getByRole("button", { name: "Change saved views" }).click();
    const name = page.getByRole("textbox", { name: /^Name of/ });
    await name.fill("Nobody found, oldest first");

    const second = await profile(browser, hub.origin);
    try {
      const other = await signIn(second.context, "supervisor.gray", "/queue");
      await other.getByRole("button", { name: "Change saved views" }).click();
      await other.getByRole("textbox", { name: "Name of “Without match”" }).fill("Searches without a match");
      await other.getByRole("button", { name: "Save “Without match”" }).click();
      await other.getByRole("button", { name: "Save “Searches without a match”" }).waitFor();
      must(second.complaints.list.length === 0, second.complaints.list.join("; "));
    } finally {
      await second.context.close();
    }

    await page.getByRole("button", { name: "Save “Without match”" }).click();
    await page.getByText("Somebody else acted first").waitFor();
    await page.getByText(/was changed by supervisor\.gray/).waitFor();
    must((await name.inputValue()) === "Nobody found, oldest first", "the refusal takes the name that was typed");
    await look(page, "queue-view-changed");
    await page.getByRole("button", { name: "See what it is now" }).click();
    const now = page.getByRole("textbox", { name: "Name of “Searches without a match”" });
    await now.waitFor();
    must((await now.inputValue()) === "Nobody found, oldest first", "seeing what it is now takes the name that was typed");
    must(await page.getByRole("checkbox", { name: "Shared with the team" }).isChecked(), "it is shared no more");
    await page.getByText("Somebody else acted first").waitFor({ state: "detached" });
    await look(page, "queue-view-now");
    await page.getByRole("button", { name: "Save “Searches without a match”" }).click();
    await page.getByRole("button", { name: "Save “Nobody found, oldest first”" }).waitFor();
    await page.getByRole("button", { name: "Delete Nobody found, oldest first …" }).click();
    await page.getByRole("button", { name: "Delete “Nobody found, oldest first” for everybody" }).click();
    await page.getByText("There is none that you may change.").waitFor();
  },
};
