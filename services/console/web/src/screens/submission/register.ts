import { NoticeState, Outcome, RejectionReason, type Measure } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { GetSubmissionDetailResponse, Notice } from "../../gen/noticehub/processing/v1/queue_pb";
import { measureOf } from "../../words/measures";
import { dateOf, day, today } from "../../words/time";
import { periodOf, type Answers } from "./outcomeRequest";

/*
 * What an outcome would do to a customer's notices, by the rules of the register:
 * for the officer to see before it is recorded. The hub decides.
 */
type Standing = { state: NoticeState; start: string; end: string };

export type Line = {
  id: string;
  measure: Measure;
  authority: string;
  percent: number;
  continuation: boolean;
  /** Unset for a notice that is not there yet. */
  before?: Standing;
  after: Standing;
};

export type Preview = { lines: Line[]; warnings: string[] };

const at = (date: string) => Date.parse(`${date}T00:00:00Z`);

/** The date so many days on; empty when there is none. */
export function plusDays(date: string, days: number): string {
  const t = new Date(at(date) + days * 86_400_000);
  return Number.isNaN(t.getTime()) || t.getUTCFullYear() > 9999 ? "" : t.toISOString().slice(0, 10);
}

/**
 * The last day of a period of so many months: the day before the corresponding day,
 * or the last day of the final month where that month has no such day.
 */
export function periodEnd(start: string, months: number): string {
  const [y = NaN, m = NaN, d = NaN] = start.split("-").map(Number);
  const index = y * 12 + m - 1 + months;
  const [year, month] = [Math.floor(index / 12), index % 12];
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  if (!(year <= 9999)) return "";
  const first = new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);
  return plusDays(first, d > days ? days - 1 : d - 2);
}

const stateOn = (start: string, end: string, on: string) => (start > on ? NoticeState.INACTIVE : end < on ? NoticeState.ENDED : NoticeState.ACTIVE);
export const living = (n: { state: NoticeState }) => n.state === NoticeState.ACTIVE || n.state === NoticeState.INACTIVE;
const words = (s: { start: string; end: string }) => `${day(s.start)} to ${day(s.end)}`;

/** Notices of the submission's own authority that may still be revoked. */
export const revocable = (notices: Notice[], authority: string) => notices.filter((n) => n.authorityId === authority && living(n));

/** Undefined when the form does not say enough yet, or the outcome leaves the register alone. */
export function previewOf(a: Answers, detail: GetSubmissionDetailResponse, notices: Notice[]): Preview | undefined {
  const lines: Line[] = notices.map((n) => {
    const now = { state: n.state, start: n.startDate, end: n.endDate };
    return { id: n.noticeId, measure: n.measure, authority: n.authorityId, percent: n.quarantinedPercent, continuation: n.continuation, before: now, after: now };
  });
  switch (a.outcome) {
    case Outcome.COMMENCED:
      return a.startDate ? entered(a.startDate, false, a, detail, lines) : undefined;
    case Outcome.EXTENDED: {
      const current = currentOf(detail, notices);
      if (!current) return { lines, warnings: ["This authority has no notice in force to extend: record Commenced with a first day instead."] };
      return entered(plusDays(current.endDate, 1), true, a, detail, lines);
    }
    case Outcome.REVOKED:
      return revoked(a, detail, notices, lines);
    default:
      return undefined;
  }
}

/** The notice a continuation follows: the authority's in force, or the one in force when this was lodged. */
function currentOf(detail: GetSubmissionDetailResponse, notices: Notice[]): Notice | undefined {
  const own = notices.filter((n) => n.authorityId === detail.summary?.authorityId && n.state !== NoticeState.REVOKED);
  const on = (date: string) => own.find((n) => n.startDate <= date && date <= n.endDate);
  const lodged = detail.summary?.lodgedAt;
  return on(today()) ?? (lodged && on(dateOf(lodged)));
}

function entered(start: string, continuation: boolean, a: Answers, detail: GetSubmissionDetailResponse, before: Line[]): Preview | undefined {
  const s = detail.summary;
  const { months, percent } = periodOf(a, detail);
  const end = months >= 1 && months <= 24 ? periodEnd(start, months) : "";
  if (!s || !end) return undefined;
  const measure = measureOf[s.businessFunction];
  const fresh: Line = { id: "new", measure, authority: s.authorityId, percent: percent || 0, continuation, after: { state: stateOn(start, end, today()), start, end } };
  const transfer = s.reasons.includes(RejectionReason.MEASURE_TRANSFER_REVIEW);
  const warnings: string[] = [];
  const lines = before.map((l): Line => {
    if (l.after.state === NoticeState.REVOKED || l.after.start > end || l.after.end < start) return l;
    // A lower measure makes room once its transfer was reviewed; measures are numbered by rank.
    if (transfer && measure < l.measure && living(l.after)) {
      if (l.after.start >= start) return { ...l, after: { ...l.after, state: NoticeState.REVOKED } };
      const cut = plusDays(start, -1);
      return { ...l, after: { ...l.after, end: cut, state: stateOn(l.after.start, cut, today()) } };
    }
    warnings.push(`It overlaps the notice from ${words(l.after)}: the hub will refuse it. Choose a day after that notice, or have that one revoked first.`);
    return l;
  });
  return { lines: [...lines, fresh], warnings };
}

function revoked(a: Answers, detail: GetSubmissionDetailResponse, notices: Notice[], before: Line[]): Preview {
  const own = revocable(notices, detail.summary?.authorityId ?? "");
  const stays = own.filter((n) => !a.notices.includes(n.noticeId));
  const ever = notices.some((n) => n.authorityId === detail.summary?.authorityId && n.state === NoticeState.REVOKED);
  const warnings = stays.map(
    (n) => `The notice from ${day(n.startDate)} to ${day(n.endDate)} would stay. Revoked can be recorded only if a revocation has cut it short already; otherwise choose it, too.`,
  );
  if (own.length === 0 && !ever) warnings.push("No notice of this authority is or was revoked: record Not accepted, or check the customer with the case worker.");
  const lines = before.map((l) => (a.notices.includes(l.id) && l.before && living(l.before) ? { ...l, after: { ...l.after, state: NoticeState.REVOKED } } : l));
  return { lines, warnings };
}

/** A review with the case worker falls due so many days before a notice ends (I289Q1). */
export const reviewDays = 35;
