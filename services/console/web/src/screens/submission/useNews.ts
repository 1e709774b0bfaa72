import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { QueueService, type GetSubmissionDetailResponse } from "../../gen/noticehub/processing/v1/queue_pb";
import { signOf, useQueueCount, useQueueLive, useWatchedRows } from "../../live/QueueLive";
import { isOwn, useDetailKeys } from "./useDetail";

/**
 * What the submission has become while it was on the screen, undefined when nothing
 * changed. It is read once something said that it changed; it takes the place of what
 * is shown only when the officer asks for it.
 */
export function useNews(id: string, shown: GetSubmissionDetailResponse, readAt: number) {
  const transport = useTransport();
  const cache = useQueryClient();
  const keys = useDetailKeys(id);
  const [news, setNews] = useState<{ detail: GetSubmissionDetailResponse; at: number }>();
  const look = useEffectEvent(async () => {
    if (isOwn()) return;
    void cache.invalidateQueries({ queryKey: keys.access });
    const detail = await callUnaryMethod(transport, QueueService.method.getSubmissionDetail, { submissionId: id }).catch(() => undefined);
    if (detail) setNews({ detail, at: Date.now() });
  });
  useWatchedRows([id], () => void look());

  // Without a stream, other counts are the sign that something changed, perhaps this.
  const live = useQueueLive();
  const sign = signOf(useQueueCount().data);
  const before = useRef(sign);
  useEffect(() => {
    if (live !== "stream" && before.current !== undefined && sign !== before.current) void look();
    before.current = sign;
  }, [live, sign]);

  const load = useCallback(() => {
    if (news) cache.setQueryData(keys.detail, news.detail);
    setNews(undefined);
  }, [cache, keys, news]);
  const fresh = news && news.at > readAt && differs(news.detail, shown) ? news.detail : undefined;
  return { news: fresh, load };
}

function differs(a: GetSubmissionDetailResponse, b: GetSubmissionDetailResponse): boolean {
  const sign = (d: GetSubmissionDetailResponse) =>
    JSON.stringify([d.summary?.version, d.summary?.status, d.summary?.heldBy, d.summary?.holdUntil, d.notes.length, d.decisions.length, d.guarded, d.allowedOutcomes]);
  return sign(a) !== sign(b);
}
