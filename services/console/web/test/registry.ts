import type { Hub } from "./hub.js";
import { until } from "./until.js";

export type Customer = { crn: string; name: { familyName: string; givenName: string }; dateOfBirth: string; recordVersion: string };
export type Item = { workItemId: string; code: string; status: string; version: number; assignee?: string };

/** Customer number n of the synthetic ones, as services/internal/synthetic names them. */
export const crnOf = (n: number) => `2${String(n).padStart(8, "0")}${"ABCHJKLSTVX"[n % 11]}`;

const keeper = "rae.restricted-access-officer";

/** Changes whole parts of a synthetic customer's record, such as the measure, as a Restricted Access officer may. */
export async function putCustomer(hub: Hub, n: number, parts: Record<string, unknown>): Promise<Customer> {
  const { customer } = await hub.rest<{ customer: Customer }>("GET", `/v1/customers/${crnOf(n)}`, undefined, keeper);
  const put = { customer: { ...customer, ...parts }, expectedVersion: customer.recordVersion };
  return (await hub.rest<{ customer: Customer }>("PUT", `/v1/customers/${customer.crn}`, put, keeper)).customer;
}

/** Changes a customer's circumstances, as an officer does; work items arise of it. */
export async function change(hub: Hub, crn: string, ...changes: object[]) {
  const { customer } = await hub.rest<{ customer: Customer }>("GET", `/v1/customers/${crn}`, undefined, keeper);
  await hub.rest("POST", `/v1/customers/${crn}:change`, { expectedVersion: customer.recordVersion, changes, reason: "Told by the customer" }, keeper);
}

/** The customer's open work item of a code, once it has arisen. */
export async function itemOf(hub: Hub, crn: string, code: string): Promise<Item> {
  return until(`${code} of ${crn} did not arise`, async () => {
    const { workItems = [] } = await hub.rest<{ workItems?: Item[] }>("GET", `/v1/customers/${crn}/work-items`, undefined, keeper);
    return workItems.find((w) => w.code === code);
  });
}

/** Today in the hub's business time, moved by so many days, yyyy-mm-dd. */
export async function dayOf(hub: Hub, days = 0): Promise<string> {
  const today = /\((\d{4}-\d{2}-\d{2}) in /.exec(await hub.cli("clock", "show"))?.[1];
  if (!today) throw new Error("the clock tells no day");
  return new Date(Date.parse(today) + days * 86_400_000).toISOString().slice(0, 10);
}
