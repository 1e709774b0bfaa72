import { clone, equals } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { callUnaryMethod, createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useQuery as useAnyQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { QueueService, SearchSubmissionsRequestSchema, SortOrder, SubmissionSummarySchema, type SearchSubmissionsRequest, type SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { usePaused } from "../../live/pause";
import { signOf, useQueueCount, useWatchedRows } from "../../live/QueueLive";
import { businessNow } from "../../words/time";
import { useThrottled } from "./useThrottled";

/** A row as it stands; gone when it is not in the list any more, own when the officer just acted on it here. */
export type Row = { summary: SubmissionSummary; gone: boolean; own?: boolean };

/** The most that "N new" counts. */
export const mostNew = 100;

/** While the counts keep changing, the page behind them is read so often at most: every read is on record. */
const readEvery = 5_000;

type Fresh = { again: { submissions: SubmissionSummary[]; nextPageToken: string }; news: SubmissionSummary[] };

/**
 * One page of a list that holds still: rows stay where they are until the officer
 * asks for the page again. When the hub says that a row changed, or the counts say
 * that something did, the same page is asked for behind it; what is different is
 * shown in its row, and what is new only counted.
 */
export function usePage(request: SearchSubmissionsRequest) {
  const transport = useTransport();
  const page = useQuery(QueueService.method.searchSubmissions, request, { refetchOnMount: "always", gcTime: 0 });
  const count = useQueueCount();
  const paused = usePaused();
  const now = useThrottled(signOf(count.data), readEvery);
  const [seen, setSeen] = useState<{ at: number; sign: string | undefined }>({ at: 0, sign: undefined });
  const [told, setTold] = useState(0);
  const [asked, setAsked] = useState(0);
  const [own, setOwn] = useState<ReadonlyMap<string, { summary: SubmissionSummary; at: number }>>(new Map());
  useEffect(() => {
    if (!page.dataUpdatedAt) return;
    setSeen({ at: businessNow(), sign: undefined });
    setTold(0);
    setAsked(0);
    setOwn(new Map());
  }, [page.dataUpdatedAt]);
  useEffect(() => {
    // The first counts after loading are what later ones are compared with.
    if (seen.at && !seen.sign && now) setSeen((s) => ({ ...s, sign: now }));
  }, [now, seen]);
  /** Reads again because of what the officer did, also while updates are paused. */
  const again = useCallback(() => setAsked((n) => n + 1), []);
  const put = useCallback((summary: SubmissionSummary) => setOwn((before) => new Map(before).set(summary.submissionId, { summary, at: Date.now() })), []);
  const base = useMemo(() => page.data?.submissions ?? [], [page.data]);
  useWatchedRows(useMemo(() => base.map((s) => s.submissionId), [base]), () => setTold((n) => n + 1));

  const moved = Boolean(seen.sign && now && seen.sign !== now);
  const fresh = useAnyQuery({
    queryKey: ["queue-news", createConnectQueryKey({ schema: QueueService.method.searchSubmissions, input: request, cardinality: "finite" }), seen.at, now, told, asked],
    enabled: Boolean(page.data && (asked > 0 || ((told > 0 || moved) && !paused))),
    gcTime: 0,
    placeholderData: (before: Fresh | undefined, query) => (query?.queryKey[2] === seen.at ? before : undefined),
    queryFn: async (): Promise<Fresh> => {
      const latest = clone(SearchSubmissionsRequestSchema, request);
      latest.pageToken = "";
      latest.pageSize = mostNew;
      latest.order = SortOrder.NEWEST_FIRST;
      const since = timestampFromMs(seen.at - 2_000);
      if (!latest.lodgedFrom || latest.lodgedFrom.seconds < since.seconds) latest.lodgedFrom = since;
      const [same, news] = await Promise.all(
        // A row that changed brings nothing new: only the counts tell of that.
        [request, ...(moved ? [latest] : [])].map((r) => callUnaryMethod(transport, QueueService.method.searchSubmissions, r)),
      );
      return { again: same!, news: news?.submissions ?? [] };
    },
  });

  const { rows, added } = useMemo(() => {
    const found = compare(base, fresh.data);
    const readAt = Math.max(page.dataUpdatedAt, fresh.data && !fresh.isPlaceholderData ? fresh.dataUpdatedAt : 0);
    return {
      ...found,
      rows: found.rows.map((r) => {
        const mine = own.get(r.summary.submissionId);
        if (!mine) return r;
        // What one does oneself may take the row out of the list: it stays to be undone.
        return { summary: r.gone || mine.at >= readAt ? mine.summary : r.summary, gone: r.gone, own: true };
      }),
    };
  }, [base, fresh.data, fresh.dataUpdatedAt, fresh.isPlaceholderData, own, page.dataUpdatedAt]);
  return { page, rows, added, put, again };
}

function compare(base: SubmissionSummary[], fresh: Fresh | undefined) {
  if (!fresh) return { rows: base.map((summary): Row => ({ summary, gone: false })), added: 0 };
  const again = new Map(fresh.again.submissions.map((s) => [s.submissionId, s]));
  const known = new Set(base.map((s) => s.submissionId));
  const added = new Set([...fresh.news, ...fresh.again.submissions].map((s) => s.submissionId).filter((id) => !known.has(id)));
  // A full page may have been pushed on: only a row before its last one is surely gone.
  const lastKept = base.findLastIndex((s) => again.has(s.submissionId));
  const rows = base.map((s, i): Row => {
    const newer = again.get(s.submissionId);
    // What did not change stays the same object, so that its row is not drawn again.
    const same = !newer || equals(SubmissionSummarySchema, newer, s);
    return { summary: same ? s : newer, gone: !newer && (i < lastKept || fresh.again.nextPageToken === "") };
  });
  return { rows, added: added.size };
}
