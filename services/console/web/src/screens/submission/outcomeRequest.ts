import type { MessageInitShape } from "@bufbuild/protobuf";
import { Outcome, RejectionReason } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { GetSubmissionDetailResponse, RecordOutcomeRequestSchema } from "../../gen/noticehub/processing/v1/queue_pb";
import type { Draft } from "./draft";

/** What is wrong with a form, by field; empty when it can be sent. */
export type Problems = Partial<Record<"outcome" | "crn" | "startDate" | "months" | "percent" | "notices" | "note" | "noteForAuthority" | "declaration", string>>;

export type Answers = Draft & { crn: string; declaration: boolean; reinstate: boolean };

/** Outcomes that need a customer to be named. */
export const namesCustomer = (o: Outcome | undefined, reasons: RejectionReason[]) =>
  o === Outcome.MATCHED ||
  (reasons.includes(RejectionReason.CUSTOMER_NOT_IDENTIFIED) && (o === Outcome.COMMENCED || o === Outcome.EXTENDED || o === Outcome.REVOKED));

/** Outcomes that code a period on the register. */
export const codesPeriod = (o: Outcome | undefined) => o === Outcome.COMMENCED || o === Outcome.EXTENDED;

const whole = (text: string) => (/^\d{1,3}$/.test(text.trim()) ? Number(text) : NaN);

export function customerOf(a: Answers, detail: GetSubmissionDetailResponse): string {
  const chosen = a.candidate === undefined ? undefined : detail.candidates[a.candidate]?.crn;
  return chosen ?? a.crn.replaceAll(/\s/g, "").toUpperCase();
}

/** The rules of the contract, told before anything is sent; the hub has the last word. */
export function problemsOf(a: Answers, detail: GetSubmissionDetailResponse): Problems {
  const p: Problems = {};
  const reasons = detail.summary?.reasons ?? [];
  if (!a.outcome) p.outcome = "Choose what you decided.";
  if (namesCustomer(a.outcome, reasons)) {
    const crn = customerOf(a, detail);
    if (a.outcome === Outcome.MATCHED && detail.candidates.length > 0 && a.candidate === undefined) p.crn = "Choose the customer.";
    else if (!/^\d{9}[A-Z]$/.test(crn)) p.crn = "Enter the CRN: nine digits and a letter, such as 200000007S.";
  }
  if (a.outcome === Outcome.COMMENCED && !/^\d{4}-\d{2}-\d{2}$/.test(a.startDate)) p.startDate = "Enter the first day of the notice.";
  if (codesPeriod(a.outcome)) {
    if (!(whole(a.months) >= 1 && whole(a.months) <= 24)) p.months = "Enter the length in months, 1 to 24.";
    if (a.percent.trim() && !(whole(a.percent) <= 100)) p.percent = "Enter a share of 0 to 100, or leave it empty to take the lodged one.";
  }
  if (a.note.trim().length < 3) p.note = "Say what was done, in at least 3 characters.";
  else if (a.note.length > 4000) p.note = `At most 4000 characters; there are ${a.note.length}.`;
  if (a.noteForAuthority.length > 1000) p.noteForAuthority = `At most 1000 characters; there are ${a.noteForAuthority.length}.`;
  if (!a.declaration) p.declaration = "Confirm that the actions are completed.";
  return p;
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
        durationMonths: whole(a.months),
        quarantinedPercent: whole(a.percent) || 0,
      },
    }),
    ...(a.outcome === Outcome.REVOKED && { registerChange: { revokeNoticeIds: a.notices } }),
  };
}
