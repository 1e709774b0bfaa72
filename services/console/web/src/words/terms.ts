import { InformationType, RejectionReason, BusinessFunction } from "../gen/noticehub/event/v1/vocabulary_pb";

type Names = Record<string, string | number>;

/** The contract's names ("NO_MATCH") and numbers of an enumeration, without its zero. */
export function termsOf<E extends number>(names: Names) {
  const values = Object.values(names).filter((v): v is E => typeof v === "number" && v !== 0);
  return {
    values,
    name: (value: E) => String(names[value]),
    parse: (text: string | null): E | undefined => values.find((v) => names[v] === text),
  };
}

export const types = termsOf<InformationType>(InformationType as unknown as Names);
export const reasons = termsOf<RejectionReason>(RejectionReason as unknown as Names);
export const functions = termsOf<BusinessFunction>(BusinessFunction as unknown as Names);
