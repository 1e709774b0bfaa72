import { choose } from "../choose.js";
import { look } from "../axe.js";
import { profile, signIn } from "../browser.js";
import { must, type Task } from "../task.js";

/** A phone's width, and a desktop at 400 %: 1280 by 1024 pixels are 320 by 256 then (WCAG 1.4.10). */
const sizes = [
  { name: "400px", width: 400, height: 800 },
  { name: "zoom400", width: 320, height: 256 },
];

export const narrow: Task = {
  name: "every screen is usable at 400 pixels and at 400 % zoom",
  async run({ hub, browser }) {
    const id = await hub.lodgeSearch("narrow-1");
    for (const { name, ...size } of sizes) {
      const { context, complaints } = await profile(browser, hub.origin, size);
      try {
        const page = await signIn(context);
        await page.getByRole("heading", { name: "Team queue" }).waitFor();
        await look(page, `home-${name}`);
        await page.getByRole("button", { name: /menu/i }).click();
        await page.getByRole("dialog").getByRole("link", { name: "Unprocessed queue" }).waitFor();
        await look(page, `menu-${name}`);
        await page.getByRole("dialog").getByRole("link", { name: "Unprocessed queue" }).click();
        await page.getByRole("row", { name: /narrow-1/ }).waitFor();
        await look(page, `queue-${name}`);
        await page.goto(`/submissions/${id}`);
        await page.getByRole("button", { name: /^Claim$|^Release$/ }).waitFor();
        if (await page.getByRole("button", { name: "Claim", exact: true }).isVisible()) await page.getByRole("button", { name: "Claim", exact: true }).click();
        await choose(page, "radio", "Not matched");
        await look(page, `submission-${name}`);
        must(complaints.list.length === 0, complaints.list.join("; "));
      } finally {
        await context.close();
      }
    }
  },
};
