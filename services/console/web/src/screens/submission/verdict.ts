import type { RuleVerdict } from "../../gen/noticehub/processing/v1/queue_pb";

export type Result = "passed" | "failed" | "unknown" | "not-evaluated";

/** A verdict's text in its parts: the rule, and what it saw or why it was not evaluated, in the words of the rules. */
export function partsOf(v: RuleVerdict, all: RuleVerdict[] = []): { rule: string; saw: string; result: Result } {
  const unknown = v.text.endsWith(notKnown);
  const text = unknown ? v.text.slice(0, -notKnown.length) : v.text;
  const at = text.search(/ (?=Seen: |Not evaluated|Shown only once )/);
  const saw = at < 0 ? "" : text.slice(at + 1).replace(/^Seen: /, "").replace(/\.$/, "").replace(/(?<=because )\w+(?= did not pass)/, (id) => nameOf(id, all));
  return {
    rule: (at < 0 ? text : text.slice(0, at)) || v.rule,
    saw,
    result: v.passed ? "passed" : !v.notEvaluated ? "failed" : unknown ? "unknown" : "not-evaluated",
  };
}

function nameOf(id: string, all: RuleVerdict[]): string {
  const v = all.find((x) => x.rule === id);
  return v ? `“${partsOf(v).rule.replace(/\.$/, "")}”` : id;
}

const notKnown = " A fact is not known.";
