import type { Hub } from "../hub.js";

export type Customer = { crn: string; name: { familyName: string; givenName: string }; dateOfBirth: string; recordVersion: string };

/** Who may see and change every record. */
const keeper = "rae.restricted-access-officer";

/** The CRN of customer number n of the synthetic people a hub of the tests has (1 to 200). */
export const crnOf = (n: number) => `2${String(n).padStart(8, "0")}${"ABCHJKLSTVX".charAt(n % 11)}`;

export const customerOf = async (hub: Hub, crn: string) => (await hub.rest<{ customer: Customer }>("GET", `/v1/customers/${crn}`, undefined, keeper)).customer;

/** Changes what a task needs of a record. */
export async function changeRecord(hub: Hub, crn: string, part: Record<string, unknown>): Promise<Customer> {
  const customer = await customerOf(hub, crn);
  await hub.rest("PUT", `/v1/customers/${crn}`, { customer: { ...customer, ...part }, expectedVersion: customer.recordVersion }, keeper);
  return customer;
}

/** How an authority names a customer on the command line; with a state, the customer lives there and is paid. */
export async function identityOf(hub: Hub, crn: string, state?: string): Promise<string[]> {
  const lives = {
    addresses: [{ type: "ADDRESS_TYPE_HOME", street: "4 Example Street", locality: "Katherine", state: `JURISDICTION_${state}`, postcode: "0850" }],
    payments: [{ code: "JOBSEEKER_PAYMENT", fortnightlyCents: "70000" }],
  };
  const c = state ? await changeRecord(hub, crn, lives) : await customerOf(hub, crn);
  return ["--crn", c.crn, "--family", c.name.familyName, "--born", c.dateOfBirth];
}

/** In so many days by the hub's business clock and zone, yyyy-mm-dd. */
export async function inDays(hub: Hub, n: number): Promise<string> {
  const now = /\((\d{4}-\d{2}-\d{2}) /.exec(await hub.cli("clock", "show"))?.[1];
  if (!now) throw new Error("the clock says no date");
  return new Date(Date.parse(`${now}T00:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10);
}
