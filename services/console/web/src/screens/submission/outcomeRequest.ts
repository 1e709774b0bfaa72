import type { MessageInitShape } from "@bufbuild/protobuf";
import { Outcome, RejectionReason } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { GetSubmissionDetailResponse, RecordOutcomeRequestSchema } from "../../gen/noticehub/processing/v1/queue_pb";
import type { Fault } from "../../api/fault";
import { crnProblem, normalCrn } from "../../parts/crn";
import { textProblem } from "../../words/plain";
import { criteriaOf } from "./Criteria";
import type { Draft } from "./draft";

/** What is wrong with a form, by field; empty when it can be sent. */
export type Problems = Partial<Record<"outcome" | "crn" | "criteria" | "startDate" | "months" | "percent" | "notices" | "note" | "noteForAuthority" | "declaration", string>>;

export type Answers = Draft & { crn: string; declaration: boolean; reinstate: boolean };

const afterIdentifying: readonly (Outcome | undefined)[] = [Outcome.ELIGIBLE, Outcome.NOT_ELIGIBLE, Outcome.COMMENCED, Outcome.EXTENDED, Outcome.REVOKED];

/** Outcomes that need a customer to be named. */
export const namesCustomer = (o: Outcome | undefined, reasons: RejectionReason[]) =>
  o === Outcome.MATCHED || (reasons.includes(RejectionReason.CUSTOMER_NOT_IDENTIFIED) && afterIdentifying.includes(o));

/** Outcomes that say whether somebody is eligible. */
export const judgesEligibility = (o: Outcome | undefined) => o === Outcome.ELIGIBLE || o === Outcome.NOT_ELIGIBLE;

/** Outcomes that code a period on the register. */
export const codesPeriod = (o: Outcome | undefined) => o === Outcome.COMMENCED || o === Outcome.EXTENDED;

const whole = (text: string) => (/^\d{1,3}$/.test(text.trim()) ? Number(text) : NaN);

/** Length and share as they will be recorded: what is left empty is taken as lodged. */
export function periodOf(a: Draft, detail: GetSubmissionDetailResponse): { months: number; percent: number } {
  const content = detail.submission?.content;
  const lodged = content?.case === "noticeToCommence" ? content.value : undefined;
  return {
    months: a.months.trim() ? whole(a.months) : (lodged?.durationMonths ?? NaN),
    percent: a.percent.trim() ? whole(a.percent) : (lodged?.quarantinedPercent ?? 0),
  };
}

export function customerOf(a: Answers, detail: GetSubmissionDetailResponse): string {
  const chosen = a.outcome !== Outcome.MATCHED || a.candidate === undefined ? undefined : detail.candidates[a.candidate]?.crn;
  return chosen ?? normalCrn(a.crn);
}

/** The rules of the contract, told before anything is sent; the hub has the last word. */
export function problemsOf(a: Answers, detail: GetSubmissionDetailResponse): Problems {
  const p: Problems = {};
  const reasons = detail.summary?.reasons ?? [];
  if (!a.outcome) p.outcome = "Choose what you decided.";
  if (namesCustomer(a.outcome, reasons)) {
    if (a.outcome === Outcome.MATCHED && detail.candidates.length > 0 && a.candidate === undefined) p.crn = "Choose the customer.";
    else if (crnProblem(customerOf(a, detail))) p.crn = "Enter the CRN: nine digits and a letter, such as 200000007S.";
  }
  if (judgesEligibility(a.outcome)) {
    const left = criteriaOf(detail).filter((c) => !a.checked.includes(c.rule)).length;
    if (left > 0) p.criteria = left === 1 ? "One criterion is not checked yet." : `${left} criteria are not checked yet.`;
  }
  if (a.outcome === Outcome.COMMENCED && !/^\d{4}-\d{2}-\d{2}$/.test(a.startDate)) p.startDate = "Enter the first day of the notice.";
  if (codesPeriod(a.outcome)) {
    const { months, percent } = periodOf(a, detail);
    if (!(months >= 1 && months <= 24)) p.months = "Enter the length in months, 1 to 24.";
    if (!(percent <= 100)) p.percent = "Enter a share of 0 to 100, or leave it empty to take the lodged one.";
  }
  const note = textProblem(a.note, 3, noteMost, "Say what was done, in at least 3 characters.");
  if (note) p.note = note;
  const forAuthority = textProblem(a.noteForAuthority, 0, authorityMost, "");
  if (forAuthority) p.noteForAuthority = forAuthority;
  if (!a.declaration) p.declaration = "Confirm that the actions are completed.";
  return p;
}

/** Most characters of the note, and of the text for the authority (queue.proto). */
export const noteMost = 4000;
export const authorityMost = 1000;

const fields: [path: string, field: keyof Problems][] = [
  ["outcome", "outcome"],
  ["crn", "crn"],
  ["register_change.start_date", "startDate"],
  ["register_change.duration_months", "months"],
  ["register_change.quarantined_percent", "percent"],
  ["register_change.revoke_notice_ids", "notices"],
  ["note", "note"],
  ["note_for_authority", "noteForAuthority"],
  ["declaration", "declaration"],
];

/** What the hub found wrong, by field; undefined when something of it belongs to no field of the form. */
export function problemsTold(f: Fault): Problems | undefined {
  const p: Problems = {};
  for (const { path, description } of f.fields) {
    const field = fields.find(([known]) => path === known || path.startsWith(`${known}[`))?.[1];
    if (!field) return undefined;
    p[field] = `${description.charAt(0).toUpperCase()}${description.slice(1)}${/[.!?]$/.test(description) ? "" : "."}`;
  }
  return f.fields.length > 0 ? p : undefined;
}

export function requestOf(a: Answers, detail: GetSubmissionDetailResponse): MessageInitShape<typeof RecordOutcomeRequestSchema> {
  const reasons = detail.summary?.reasons ?? [];
  return {
    submissionId: detail.summary?.submissionId ?? "",
    version: detail.summary?.version ?? 0,
    outcome: a.outcome ?? Outcome.UNSPECIFIED,
    declaration: a.declaration,
    note: a.note,
    noteForAuthority: a.noteForAuthority,
    crn: namesCustomer(a.outcome, reasons) ? customerOf(a, detail) : "",
    reinstateAccess: a.reinstate,
    ...(codesPeriod(a.outcome) && {
      registerChange: {
        startDate: a.outcome === Outcome.COMMENCED ? a.startDate : "",
        durationMonths: whole(a.months) || 0,
        quarantinedPercent: whole(a.percent) || 0,
      },
    }),
    ...(a.outcome === Outcome.REVOKED && { registerChange: { revokeNoticeIds: a.notices } }),
  };
}
