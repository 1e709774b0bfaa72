import { Jurisdiction } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { Address, Customer, Name } from "../../gen/noticehub/registry/v1/registry_pb";

export const fullName = (n: Name | undefined) => (n ? [n.givenName, n.familyName].filter(Boolean).join(" ") : "");

/** Empty where the role does not need the name. */
export const nameOf = (c: Customer) => fullName(c.name);

export const addressText = (a: Address) => [a.street, a.locality, a.state ? Jurisdiction[a.state] : "", a.postcode].filter(Boolean).join(", ");

/** Whole years between a date of birth and a day, both yyyy-mm-dd. */
export function yearsBetween(born: string, on: string): number {
  const years = Number(on.slice(0, 4)) - Number(born.slice(0, 4));
  return on.slice(5) < born.slice(5) ? years - 1 : years;
}
