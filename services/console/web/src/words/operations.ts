import { Health, ParkedState } from "../gen/noticehub/operations/v1/operations_pb";

export const healthWords: Record<Health, string> = {
  [Health.UNSPECIFIED]: "Not known",
  [Health.GOOD]: "Good",
  [Health.SLOW]: "Behind",
  [Health.BAD]: "Needs somebody",
};

export const healthTones = {
  [Health.UNSPECIFIED]: "unknownLow",
  [Health.GOOD]: "successLow",
  [Health.SLOW]: "warningLow",
  [Health.BAD]: "errorHigh",
} as const satisfies Record<Health, string>;

export const parkedWords: Record<ParkedState, string> = {
  [ParkedState.UNSPECIFIED]: "Any",
  [ParkedState.RETRYING]: "Tried again by itself",
  [ParkedState.WAITING]: "Waits for one before it",
  [ParkedState.QUARANTINED]: "Waits for somebody",
};

/** The services as people call them; one that is not here stands by its own name. */
const services: Record<string, string> = {
  intake: "Intake",
  autoprocessing: "Automatic processing",
  adviceoutcome: "Daily reports",
  registry: "Customer registry",
  workitems: "Work items",
  console: "Console",
  audit: "Audit log",
};
export const serviceWords = (name: string) => services[name] ?? name;

export const events = (n: bigint) => `${n} event${n === 1n ? "" : "s"}`;

/** "0", "0.4", "12". */
export const rateWords = (perSecond: number) => (perSecond === 0 ? "0" : perSecond < 0.05 ? "under 0.1" : perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond)));

/** "5 driven again: 4 processed, 1 failed again". It never says resolved of what was not looked at again. */
export function redrivenWords(r: { redriven: bigint; resolved: bigint; unresolved: bigint }): string {
  if (r.redriven === 0n) return "Nothing was driven again: it is not parked any more, or not waiting for somebody";
  const parts = [r.resolved > 0n && `${r.resolved} processed`, r.unresolved > 0n && `${r.unresolved} failed again or still waiting`].filter(Boolean);
  return `${r.redriven} driven again: ${parts.join(", ") || "what became of it is not known yet"}`;
}
