import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { DecisionTrace, GetSubmissionDetailResponse, Note } from "../../gen/noticehub/processing/v1/queue_pb";
import type { AccessStep } from "../../gen/noticehub/processing/v1/restricted_pb";
import { SubmissionStatus } from "../../gen/noticehub/event/v1/vocabulary_pb";
import { stepWords } from "../../words/access";
import { dateOf } from "../../words/time";
import { outcomeWords, reasonWords, statusWords } from "../../words/vocabulary";

/** One thing that happened to a submission: what, who, when, and in which trace. */
export type Happening = {
  key: string;
  at: Timestamp;
  what: string;
  actor: string;
  /** What was decided, in plain words; empty when nothing was. */
  result: string;
  /** What was written with it. */
  words: string[];
  trace: string;
};

export type Day = { date: string; happenings: Happening[] };

const notes: Record<string, string> = {
  note: "Note written",
  hold: "Set aside, or put back in the queue",
  assign: "Assigned",
  outcome: "Note on the outcome",
  return: "Note on the return",
  reprocess: "Sent to automatic processing again",
};

const same = (a: Timestamp | undefined, b: Timestamp | undefined) => a !== undefined && b !== undefined && timestampMs(a) === timestampMs(b);

/**
 * Everything that happened, from all there is to know: transitions, decisions,
 * notes, steps of restricted access. What is one act is one entry: a decision with
 * the transition it caused, an outcome with its note.
 */
export function happeningsOf(detail: GetSubmissionDetailResponse, steps: AccessStep[]): Happening[] {
  const left = { decisions: [...detail.decisions], notes: [...detail.notes] };
  const all: Happening[] = [];
  detail.history.forEach((t, i) => {
    // Picking up and deciding are one act when nothing came between.
    if (!t.at || (t.to === SubmissionStatus.AUTO_PROCESSING && same(t.at, detail.history[i + 1]?.at))) return;
    const decision = t.actor === "system" || t.cause.startsWith("auto") ? take(left.decisions, (d) => same(d.decidedAt, t.at)) : undefined;
    const note = take(left.notes, (n) => same(n.at, t.at) && t.actor === `officer:${n.officerId}`);
    const last = i === detail.history.length - 1;
    all.push({
      key: `t${t.version}`,
      at: t.at,
      what: decision ? decidedWords(decision) : sentence(t.cause),
      actor: t.actor,
      result: decision ? resultOf(decision) : last && detail.summary?.outcome && t.from ? outcomeWords[detail.summary.outcome] : t.from ? statusWords[t.to] : "",
      words: note ? [note.text] : [],
      trace: t.traceId || decision?.traceId || "",
    });
  });
  for (const d of left.decisions) {
    if (d.decidedAt) all.push({ key: `d${d.number}`, at: d.decidedAt, what: decidedWords(d), actor: "system", result: resultOf(d), words: [], trace: d.traceId });
  }
  left.notes.forEach((n, i) => n.at && all.push({ key: `n${i}`, at: n.at, what: noteWords(n), actor: `officer:${n.officerId}`, result: "", words: [n.text], trace: "" }));
  steps.forEach((s, i) => s.at && all.push({ key: `a${i}`, at: s.at, what: stepWords(s.step), actor: s.actor, result: "", words: s.reason ? [s.reason] : [], trace: "" }));
  return all.toSorted((a, b) => timestampMs(a.at) - timestampMs(b.at));
}

/** By the agency's days, in the order given. */
export function byDay(all: Happening[]): Day[] {
  const days: Day[] = [];
  for (const h of all) {
    const date = dateOf(h.at);
    const last = days.at(-1);
    if (last?.date === date) last.happenings.push(h);
    else days.push({ date, happenings: [h] });
  }
  return days;
}

function take<T>(list: T[], fits: (x: T) => boolean): T | undefined {
  const at = list.findIndex(fits);
  return at < 0 ? undefined : list.splice(at, 1)[0];
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const noteWords = (n: Note) => notes[n.action] ?? sentence(n.action);
const decidedWords = (d: DecisionTrace) => (d.number > 1 ? `Decided automatically again (decision ${d.number})` : "Decided automatically");

function resultOf(d: DecisionTrace): string {
  if (d.outcome) return outcomeWords[d.outcome];
  const why = d.reasons.map((r) => reasonWords[r]).join(", ");
  return why ? `Left for an officer: ${why}` : "Left for an officer";
}
