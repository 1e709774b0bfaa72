import type { Notice } from "../../gen/noticehub/processing/v1/queue_pb";

/*
 * Where things lie on the timeline. Days are numbers since 1970; a period is
 * inclusive, so that its bar ends where its last day does.
 */
export const width = 680;
const margin = 8;
const rowHeight = 52;
const top = 50;

export const dayNumber = (date: string) => Math.round(Date.parse(`${date}T00:00:00Z`) / 86_400_000);

export type Bar = { notice: Notice; x: number; y: number; width: number; revokedX?: number; label: string; labelX: number; anchor: "start" | "end"; from?: { x: number; y: number } };
export type Tick = { x: number; label: string };

/** Notices are grouped by authority, each group with its earliest first. */
export function layOut(notices: Notice[], asAt: string, today: string, labelOf: (n: Notice) => string, revokedOn: (n: Notice) => string) {
  const days = notices.flatMap((n) => [dayNumber(n.startDate), dayNumber(n.endDate) + 1]).concat(dayNumber(today), dayNumber(asAt));
  const first = Math.min(...days) - 10;
  const last = Math.max(...days) + 10;
  const x = (d: number) => margin + ((d - first) / (last - first)) * (width - 2 * margin);
  const authorities = [...new Set(notices.map((n) => n.authorityId))];
  const sorted = authorities.flatMap((a) => notices.filter((n) => n.authorityId === a).sort((p, q) => (p.startDate < q.startDate ? -1 : 1)));
  const place = new Map<string, { x: number; y: number }>();
  const bars = sorted.map((notice, i): Bar => {
    const from = x(dayNumber(notice.startDate));
    const to = x(dayNumber(notice.endDate) + 1);
    const y = top + i * rowHeight + 20;
    place.set(notice.noticeId, { x: to, y });
    const label = labelOf(notice);
    const fits = from + label.length * 6.4 < width;
    const revoked = revokedOn(notice);
    return {
      notice, x: from, y, width: Math.max(3, to - from), label, labelX: fits ? from : Math.min(width - 2, Math.max(to, label.length * 6.4)), anchor: fits ? "start" : "end",
      ...(revoked && { revokedX: Math.min(to, Math.max(from, x(dayNumber(revoked)))) }),
    };
  });
  for (const bar of bars) bar.from = place.get(bar.notice.continuesNoticeId);
  return { bars, height: top + sorted.length * rowHeight + 6, todayX: x(dayNumber(today)), asAtX: x(dayNumber(asAt)), ticks: ticks(first, last, x) };
}

/** First days of months, so many apart that at most eight stand on the axis. */
function ticks(first: number, last: number, x: (d: number) => number): Tick[] {
  const months = (last - first) / 30;
  const step = [1, 2, 3, 6, 12, 24, 60].find((s) => months / s <= 7) ?? 120;
  const at = new Date(first * 86_400_000);
  const list: Tick[] = [];
  for (let m = Math.ceil((at.getUTCFullYear() * 12 + at.getUTCMonth() + 1) / step) * step; ; m += step) {
    const d = Date.UTC(Math.floor(m / 12), m % 12, 1) / 86_400_000;
    if (d >= last) return list;
    list.push({ x: x(d), label: new Intl.DateTimeFormat("en-AU", { month: "short", year: "numeric", timeZone: "UTC" }).format(d * 86_400_000) });
  }
}
