import { routes } from "../../app/routes";
import { startOf } from "../../words/time";

/** Which deliveries are shown; all of it stands in the address. */
export type Filters = {
  authority: string;
  /** Report dates, yyyy-mm-dd, inclusive; empty for the last two weeks. */
  from: string;
  to: string;
  overdue: boolean;
  /** Overdue ones stand above the others. */
  overdueFirst: boolean;
};

export const emptyFilters: Filters = { authority: "", from: "", to: "", overdue: false, overdueFirst: false };

export function readFilters(search: string): Filters {
  const q = new URLSearchParams(search);
  const date = (name: string) => (startOf(q.get(name) ?? "") === undefined ? "" : (q.get(name) ?? ""));
  return { authority: (q.get("authority") ?? "").slice(0, 40), from: date("from"), to: date("to"), overdue: q.get("overdue") === "only", overdueFirst: q.get("overdue") === "first" };
}

export function reportsPath(f: Filters): string {
  const q = new URLSearchParams();
  if (f.authority) q.set("authority", f.authority);
  if (f.from) q.set("from", f.from);
  if (f.to) q.set("to", f.to);
  if (f.overdue) q.set("overdue", "only");
  else if (f.overdueFirst) q.set("overdue", "first");
  return routes.reports + (q.size ? `?${q}` : "");
}

export const narrowing = (f: Filters) => [f.authority, f.from, f.to, f.overdue].filter(Boolean).length;

const longest = 92;

/** What is wrong with a period, as the hub would say it. */
export function wrongPeriod(f: Filters): string {
  const [from, to] = [startOf(f.from), startOf(f.to)];
  if (from === undefined || to === undefined) return "";
  if (to < from) return "This is before the first day.";
  return to - from > (longest + 0.5) * 86_400_000 ? `This is more than ${longest} days after the first day.` : "";
}
