import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { startOf } from "./time";

const hour = 3_600_000;

/** The instant of a date (yyyy-mm-dd) and a time (hh:mm) in the agency's zone; undefined when they are none. */
export function instantOf(date: string, time: string): Timestamp | undefined {
  const from = startOf(date);
  const next = startOf(date, 1);
  const t = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time);
  if (from === undefined || next === undefined || !t) return undefined;
  const into = Number(t[1]) * hour + Number(t[2]) * 60_000;
  // On the two days a year that have 23 or 25 hours, clocks change before 3 am.
  return timestampFromMs(from + into + (into >= 3 * hour ? next - from - 24 * hour : 0));
}

/** "1 h 05 min", "4 min 09 s" of milliseconds; "0 s" of none. */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  if (s >= 3600) return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
  return s >= 60 ? `${Math.floor(s / 60)} min ${two(s % 60)} s` : `${s} s`;
}
