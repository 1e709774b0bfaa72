import { look } from "../axe.js";
import type { Task } from "../task.js";

/** What an officer begins the day with, and what comes in meanwhile. */
export const home: Task = {
  name: "an officer sees their work, what is due and what comes in, on the first screen",
  async run({ hub, open }) {
    const id = await hub.lodgeSearch("home-1");
    await hub.rest("POST", `/v1/queue/${id}:assign`, { officerId: "contact-officer.avery", reason: "Knows the case" });
    const page = await open("/");
    await page.getByRole("row", { name: /home-1/ }).waitFor();
    await page.getByText("No report is overdue.").or(page.getByText(/^Overdue: \d+ report/)).first().waitFor();
    await page.getByRole("timer").waitFor();
    const before = await page.getByRole("timer").textContent();
    await page.waitForFunction((was) => document.querySelector("[role=timer]")?.textContent !== was, before); // it comes nearer
    await page.getByRole("heading", { name: "My work items" }).waitFor();
    await look(page, "home-work");

    // Another one is given: told, without moving what is there.
    const second = await hub.lodgeSearch("home-2");
    await page.mouse.move(300, 300);
    await hub.rest("POST", `/v1/queue/${second}:assign`, { officerId: "contact-officer.avery", reason: "Knows it too" });
    await page.getByText("1 new", { exact: true }).waitFor();
    await look(page, "home-news");
    await page.getByRole("button", { name: "Load the list again" }).click();
    await page.getByRole("row", { name: /home-2/ }).waitFor();
    // One is taken away: it says so where it stood.
    await page.mouse.move(300, 320);
    await hub.rest("POST", `/v1/queue/${id}:assign`, { officerId: "olive", reason: "Back to Olive" });
    await page.getByRole("row", { name: /home-1/ }).getByText("Not in this list any more").waitFor();
    await page.getByRole("button", { name: "Release home-2 of nt-cp" }).click();
    await page.getByRole("button", { name: "Claim home-2 of nt-cp" }).waitFor();
    await hub.rest("POST", `/v1/queue/${id}:release`, {});
  },
};

/** Parts fail apart. */
export const parts: Task = {
  name: "one part of the first screen that fails leaves the others standing",
  async run({ hub, open, context, complaints }) {
    complaints.expect(/ERR_FAILED|Failed to load resource/);
    await hub.lodgeSearch("parts-1");
    await context.route("**/ListDeliveries", (r) => r.abort());
    await context.route("**/ListMyWorkItems", (r) => r.abort());
    const page = await open("/");
    await page.getByText("The daily reports could not be loaded").waitFor();
    await page.getByText("Your work items could not be loaded").waitFor();
    await page.getByRole("cell", { name: "No match", exact: true }).waitFor();
    await look(page, "home-partial");
    await context.unroute("**/ListDeliveries");
    await page.getByRole("button", { name: "Load the daily reports again" }).click();
    await page.getByRole("timer").waitFor();
  },
};
