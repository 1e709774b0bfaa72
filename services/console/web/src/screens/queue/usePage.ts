import { clone, toJsonString } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { callUnaryMethod, useQuery, useTransport } from "@connectrpc/connect-query";
import { useQuery as useAnyQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import {
  QueueService, SearchSubmissionsRequestSchema, SortOrder, type CountQueueResponse, type SearchSubmissionsRequest, type SubmissionSummary,
} from "../../gen/noticehub/processing/v1/queue_pb";
import { businessNow } from "../../words/time";
import { useQueueCount } from "../home/useQueueCount";

/** A row as it stands; gone when it is not in the list any more. */
export type Row = { summary: SubmissionSummary; gone: boolean };

/** The most that "N new" counts. */
export const mostNew = 100;

/** What changes when the queue does. */
const sign = (c: CountQueueResponse | undefined) =>
  c && [c.open, c.heldByOfficers, c.onHold, ...c.counts.filter((x) => x.dimension !== "age_days").map((x) => `${x.dimension}/${x.value}=${x.count}`).sort()].join(" ");

/**
 * One page of the queue that holds still: rows stay where they are until the
 * officer asks for the page again. When the counts say that something changed, the
 * same page is asked for behind it; what is different is shown in its row, and
 * what is new only counted.
 */
export function usePage(request: SearchSubmissionsRequest) {
  const transport = useTransport();
  const page = useQuery(QueueService.method.searchSubmissions, request, { refetchOnMount: "always", gcTime: 0 });
  const count = useQueueCount();
  const now = sign(count.data);
  const [seen, setSeen] = useState<{ at: number; sign: string | undefined }>({ at: 0, sign: undefined });
  useEffect(() => {
    if (page.dataUpdatedAt) setSeen({ at: businessNow(), sign: undefined });
  }, [page.dataUpdatedAt]);
  useEffect(() => {
    // The first counts after loading are what later ones are compared with.
    if (seen.at && !seen.sign && now) setSeen((s) => ({ ...s, sign: now }));
  }, [now, seen]);

  const fresh = useAnyQuery({
    queryKey: ["queue-news", toJsonString(SearchSubmissionsRequestSchema, request), seen.at, now],
    enabled: Boolean(page.data && seen.sign && now && seen.sign !== now),
    gcTime: 0,
    placeholderData: (before) => before,
    queryFn: async () => {
      const latest = clone(SearchSubmissionsRequestSchema, request);
      latest.pageToken = "";
      latest.pageSize = mostNew;
      latest.order = SortOrder.NEWEST_FIRST;
      const since = timestampFromMs(seen.at - 2_000);
      if (!latest.lodgedFrom || latest.lodgedFrom.seconds < since.seconds) latest.lodgedFrom = since;
      const [again, news] = await Promise.all(
        [request, latest].map((r) => callUnaryMethod(transport, QueueService.method.searchSubmissions, r)),
      );
      return { again: again!, news: news!.submissions };
    },
  });

  const { rows, added } = useMemo(() => compare(page.data?.submissions ?? [], fresh.data), [page.data, fresh.data]);
  return { page, rows, added };
}

function compare(base: SubmissionSummary[], fresh: { again: { submissions: SubmissionSummary[]; nextPageToken: string }; news: SubmissionSummary[] } | undefined) {
  if (!fresh) return { rows: base.map((summary): Row => ({ summary, gone: false })), added: 0 };
  const again = new Map(fresh.again.submissions.map((s) => [s.submissionId, s]));
  const known = new Set(base.map((s) => s.submissionId));
  const added = new Set([...fresh.news, ...fresh.again.submissions].map((s) => s.submissionId).filter((id) => !known.has(id)));
  // A full page may have been pushed on: only a row before its last one is surely gone.
  const lastKept = base.findLastIndex((s) => again.has(s.submissionId));
  const rows = base.map((s, i): Row => {
    const newer = again.get(s.submissionId);
    return { summary: newer ?? s, gone: !newer && (i < lastKept || fresh.again.nextPageToken === "") };
  });
  return { rows, added: added.size };
}
