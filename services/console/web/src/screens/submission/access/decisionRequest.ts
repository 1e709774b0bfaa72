import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { RiskDecision, type AccessCase, type RecordRiskAssessmentRequestSchema } from "../../../gen/noticehub/processing/v1/restricted_pb";
import { instantOf } from "../../../words/clock";
import { textProblem } from "../../../words/plain";
import { businessNow } from "../../../words/time";

export type Answers = {
  decision?: RiskDecision;
  minutes: string;
  reason: string;
  /** One of several restricted candidates. */
  crn: string;
  contactedOn: string;
  contactedAt: string;
  contact: string;
};

export type Problems = Partial<Record<keyof Answers, string>>;

/** How long a lift lasts at most, and when nothing is said, in minutes (restricted.proto). */
export const longest = 480;
export const usual = 60;

/** The contract's rules, told before anything is sent. */
export function problemsOf(a: Answers, c: AccessCase, candidates: string[]): Problems {
  const p: Problems = {};
  const lifts = a.decision === RiskDecision.LIFT;
  if (!a.decision) p.decision = "Choose what you decided.";
  if (lifts && a.minutes.trim()) {
    const n = /^\d{1,3}$/.test(a.minutes.trim()) ? Number(a.minutes) : 0;
    if (n < 1 || n > longest) p.minutes = `Enter 1 to ${longest} minutes, or leave it empty for ${usual}.`;
  }
  if (lifts && candidates.length > 0 && !a.crn) p.crn = "Choose the record access is lifted to.";
  const why = textProblem(a.reason, 3, 4000, "Say why, in at least 3 characters.");
  if (why) p.reason = why;
  const told = a.contactedOn || a.contactedAt || a.contact.trim();
  if ((lifts && !c.customerAware) || told) {
    const at = instantOf(a.contactedOn, a.contactedAt);
    if (!a.contactedOn) p.contactedOn = "Enter the day the customer was contacted.";
    else if (!a.contactedAt) p.contactedAt = "Enter the time the customer was contacted.";
    else if (!at) p.contactedOn = "Enter a day and a time, such as 10:30.";
    else if (timestampMs(at) > businessNow()) p.contactedOn = "That lies ahead.";
    const how = textProblem(a.contact, 3, 1000, "Say how the customer was contacted, such as “by telephone”.");
    if (how) p.contact = how;
  }
  return p;
}

export function requestOf(a: Answers, c: AccessCase) {
  const lifts = a.decision === RiskDecision.LIFT;
  const at = instantOf(a.contactedOn, a.contactedAt);
  return {
    submissionId: c.submissionId,
    caseVersion: c.version,
    decision: a.decision ?? RiskDecision.UNSPECIFIED,
    reason: a.reason,
    minutes: lifts ? Number(a.minutes) || 0 : 0,
    crn: lifts ? a.crn : "",
    ...(at && { customerContactedAt: at, customerContact: a.contact }),
  } satisfies MessageInitShape<typeof RecordRiskAssessmentRequestSchema>;
}
