import type { Page } from "playwright-core";
import { look } from "../axe.js";
import { must, type Task, type World } from "../task.js";
import { changeRecord, crnOf, identityOf } from "./people.js";

const olive = "olive.contact-officer+supervisor";
const rae = "rae.restricted-access-officer";

type Waiting = { id: string; version: number };

/** A question about a restricted customer that an officer has claimed. */
async function claimed({ hub }: World, n: number, reference: string): Promise<Waiting> {
  const who = await identityOf(hub, crnOf(n), "NT");
  await changeRecord(hub, crnOf(n), { restrictedAccess: true });
  await hub.cli("submit", "--as", "nt-cp", "--type", "disclosure", ...who, "--reference", reference);
  const id = await hub.idOf(reference);
  const { submission } = await hub.rest<{ submission: { version: number } }>("POST", `/v1/queue/${id}:claim`, {}, olive);
  return { id, version: submission.version };
}

type Case = { case: { version: number } };

/** The officer contacted the authority and asks for the assessment. */
const ask = ({ hub }: World, { id, version }: Waiting) =>
  hub.rest<Case>("POST", `/v1/restricted/${id}:contact`, { version, actionId: `contact-${id}`, customerAware: true, note: "Spoke to the case worker.", requestAssessment: true }, olive);

const assess = ({ hub }: World, { id }: Waiting, asked: Case, decision: string) =>
  hub.rest("POST", `/v1/restricted/${id}:assess`, { caseVersion: asked.case.version, actionId: `assess-${id}`, decision: `RISK_DECISION_${decision}`, reason: "The risk was looked at." }, rae);

const rows = (page: Page) => page.locator("tbody tr");
const top = async (page: Page, n: number) => Math.round((await rows(page).nth(n).boundingBox())!.y);

/** Whoever decides sees what comes without doing anything, and nothing moves under the cursor. */
export const worklist: Task = {
  name: "a Restricted Access officer sees cases come and go without loading the list, and no row moves",
  async run(w) {
    const { hub } = w;
    const [first, second, third] = [await claimed(w, 114, "worklist-1"), await claimed(w, 115, "worklist-2"), await claimed(w, 116, "worklist-3")];
    const page = await w.open("/restricted-access", "restricted-access-officer.devon");
    await page.getByText("No case is open.").waitFor();
    let read = 0;
    page.on("request", (r) => (read += r.url().endsWith("/ListAccessCases") ? 1 : 0));
    const one = await ask(w, first);
    await page.getByRole("heading", { name: "For you to decide, oldest first (1)" }).waitFor();
    must((await rows(page).count()) === 1 && read === 1, `${await rows(page).count()} rows after the list was read ${read} times`);
    const at = await top(page, 0);
    const two = await ask(w, second);
    await page.getByRole("heading", { name: "For you to decide, oldest first (2)" }).waitFor();
    must((await top(page, 0)) === at, "the first row moved");
    await look(page, "restricted-live");

    // A lift takes the first row out of its place: that waits until the officer asks.
    await assess(w, first, one, "LIFT");
    await page.getByText("The list changed. It holds still until you load it again").waitFor();
    const three = await ask(w, third);
    await page.getByText("The list changed: 1 new. It holds still until you load it again").waitFor();
    await page.getByRole("heading", { name: "For you to decide, oldest first (2)" }).waitFor();
    must((await rows(page).count()) === 2, "rows moved");
    await look(page, "restricted-changed");
    await page.getByRole("button", { name: "Load the list again" }).click();
    await page.getByRole("heading", { name: "Access lifted now (1)" }).waitFor();
    await page.getByRole("heading", { name: "For you to decide, oldest first (2)" }).waitFor();
    must((await rows(page).count()) === 3, "the list is not as it is");
    must((await page.getByText("The list changed").count()) === 0, "the list is told to be old");
    // A view of a record changes no case, and is not told as if it did.
    const before = read;
    await hub.rest("POST", `/v1/restricted/${first.id}:view`, { reason: "To check the criteria." }, olive);
    await page.waitForTimeout(1_000);
    must(read === before, "the list was read though no case changed");

    await assess(w, second, two, "KEEP");
    await assess(w, third, three, "KEEP");
    await hub.rest("POST", `/v1/restricted/${first.id}:reinstate`, { actionId: `end-${first.id}`, reason: "The question was withdrawn." }, olive);
    await page.getByText("The list changed").waitFor();
    await page.getByRole("button", { name: "Load the list again" }).click();
    await page.getByText("No case is open.").waitFor();
    for (const { id } of [first, second, third]) await hub.rest("POST", `/v1/queue/${id}:release`, {}, olive);
  },
};
