import { look } from "../axe.js";
import { sql } from "../database.js";
import { must, type Task } from "../task.js";
import { until } from "../until.js";
import { crnOf, customerOf } from "./people.js";

const reference = "parked-1";

/**
 * A fault of the database for one submission, which is parked for a person after
 * all tries: driven again too early, and then once the fault is repaired.
 */
export const parked: Task = {
  name: "a supervisor sees a parked event, drives it again too early, and once more when it is repaired",
  async run({ hub, open }) {
    const c = await customerOf(hub, crnOf(61));
    const page = await open("/operations", "supervisor.gray");
    await page.getByText("Nothing is parked").waitFor();
    await sql(
      hub,
      `CREATE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no room for % of %', NEW.reference, NEW.crn; END$$;
       CREATE TRIGGER full_disk BEFORE INSERT ON autoprocessing.submission FOR EACH ROW WHEN (NEW.reference = '${reference}') EXECUTE FUNCTION public.full_disk()`,
    );
    // The pauses between tries grow to a minute: here each is over at once.
    const givenUp = () =>
      until("the event is not parked for a person", async () => {
        await sql(hub, "UPDATE autoprocessing.parked SET next_at = now() WHERE state = 'retry'");
        return (await sql(hub, "SELECT count(*) FROM autoprocessing.parked WHERE state = 'quarantined'")) === "1";
      });
    const loadAgain = async () => {
      await page.mouse.move(200, 200); // somebody is at the window
      await page.mouse.move(300, 300);
      await page.getByRole("button", { name: "Load the failures again" }).click();
    };
    const redrive = async (reason: string) => {
      await page.getByRole("button", { name: /^Redrive all 1/ }).click();
      const dialog = page.getByRole("dialog", { name: "Drive all 1 event of this cause again?" });
      await dialog.getByRole("textbox", { name: "Reason" }).fill(reason);
      await dialog.getByRole("button", { name: "Drive 1 event again" }).click();
    };
    const who = ["--crn", c.crn, "--family", c.name.familyName, "--given", c.name.givenName, "--born", c.dateOfBirth];
    try {
      await hub.cli("submit", "--as", "nt-cp", "--type", "find-mutual-client", ...who, "--reference", reference, "--wait", "0s");
      await givenUp();
      await loadAgain();
      const event = page.getByRole("row", { name: /Automatic processing.*Waits for somebody.*tried \d+ times/ });
      await event.getByText(/SQLSTATE P0001/).waitFor();
      const seen = await page.getByRole("main").innerText();
      for (const secret of [reference, c.crn, c.name.familyName, c.dateOfBirth]) must(!seen.includes(secret), `the screen tells ${secret} of the submission`);
      await look(page, "operations-parked-for-somebody");

      await redrive("It may go well now.");
      await page.getByText("1 driven again: 1 failed again or still waiting").waitFor();
      await page.getByText(/^Why: failed: SQLSTATE P0001/).waitFor();
      await page.getByText("Tried again by itself").last().waitFor();
      await look(page, "operations-failed-again");
      await givenUp();
      await loadAgain();
      await event.waitFor();
    } finally {
      await sql(hub, "DROP TRIGGER full_disk ON autoprocessing.submission; DROP FUNCTION public.full_disk()");
    }
    await redrive("The disk has room again.");
    await page.getByText("1 driven again: 1 processed").waitFor();
    await page.getByText("Nothing is parked").waitFor();
    await look(page, "operations-repaired");
    await page.goto(`/submissions#reference=${reference}`);
    await page.getByRole("row", { name: new RegExp(`${reference}.*Decided.*Matched`) }).waitFor();
    must((await hub.cli("show", reference, "--as", "nt-cp")).includes("MATCHED"), "the authority is not told of the outcome");
  },
};
