import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";

/*
 * Times as people of the agency say them: in the agency's zone, whatever the
 * machine's, and by the business clock, which the hub tells with the session.
 */
let zone = "Australia/Sydney";
let ahead = 0;

export function setAgencyTime(agencyZone: string, businessNow: number) {
  zone = agencyZone;
  ahead = businessNow - Date.now();
}

/** The business time now, in milliseconds. */
export const businessNow = () => Date.now() + ahead;

const formats = new Map<string, Intl.DateTimeFormat>();
function format(name: string, options: Intl.DateTimeFormatOptions) {
  const key = `${zone} ${name}`;
  let f = formats.get(key);
  if (!f) formats.set(key, (f = new Intl.DateTimeFormat("en-AU", { ...options, timeZone: zone })));
  return f;
}

/** "Sun 22 Nov 2026, 3:04 pm AEDT"; empty without a time. */
export function moment(t: Timestamp | undefined): string {
  if (!t) return "";
  return format("moment", {
    weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short",
  }).format(timestampMs(t));
}

/** "3:04 pm". */
export const timeOfDay = (t: Timestamp) => format("time", { hour: "numeric", minute: "2-digit" }).format(timestampMs(t));

/** "22 Nov 2026" of yyyy-mm-dd; the text itself when it is no date. */
export function day(date: string): string {
  const at = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(at)) return date;
  return new Intl.DateTimeFormat("en-AU", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(at);
}

/** Today in the agency, yyyy-mm-dd. */
export const today = () => dateIn(businessNow());

/** The local date of a moment in the agency, yyyy-mm-dd. */
export const dateOf = (t: Timestamp) => dateIn(timestampMs(t));

function dateIn(ms: number): string {
  const part = Object.fromEntries(format("date", { year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(ms).map((p) => [p.type, p.value]));
  return `${part.year}-${part.month}-${part.day}`;
}

/** The first instant of a local date, moved by whole days; undefined when it is no date. */
export function startOf(date: string, plusDays = 0): number | undefined {
  const utc = Date.parse(`${date}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(utc)) return undefined;
  const wanted = new Date(utc + plusDays * 86_400_000).toISOString().slice(0, 10);
  // Zones are at most 14 hours off: find the hour the date begins in, then the minute.
  const from = Date.parse(`${wanted}T00:00:00Z`) - 15 * 3_600_000;
  for (let at = from; at < from + 30 * 3_600_000; at += 30 * 60_000) if (dateIn(at) === wanted) return at;
  return undefined;
}

/** "3 days", "5 hours", "just now": how long ago by the business clock. */
export function ago(t: Timestamp | undefined): string {
  if (!t) return "";
  const minutes = Math.max(0, Math.floor((businessNow() - timestampMs(t)) / 60_000));
  if (minutes < 1) return "just now";
  const units: [number, string][] = [[1440, "day"], [60, "hour"], [1, "minute"]];
  for (const [size, name] of units) {
    const n = Math.floor(minutes / size);
    if (n > 0) return `${n} ${name}${n > 1 ? "s" : ""}`;
  }
  return "just now";
}
