import { createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { RejectionReason } from "../../gen/noticehub/event/v1/vocabulary_pb";
import { QueueService, type GetSubmissionDetailResponse } from "../../gen/noticehub/processing/v1/queue_pb";
import { RestrictedAccessService } from "../../gen/noticehub/processing/v1/restricted_pb";

/** All there is to see of one submission. Reading it is on record: it is read when opened and after an action. */
export const useDetail = (submissionId: string) => useQuery(QueueService.method.getSubmissionDetail, { submissionId }, { refetchOnMount: "always" });

/** Whether the submission has to do with a restricted record, as far as the viewer is told. */
export const restrictedHere = (d: GetSubmissionDetailResponse) =>
  d.guarded ||
  d.restrictedCandidates > 0 ||
  d.candidates.some((c) => c.restricted) ||
  d.summary?.reasons.includes(RejectionReason.RESTRICTED_ACCESS) ||
  d.decisions.some((x) => x.verdicts.some((v) => v.reason === RejectionReason.RESTRICTED_ACCESS && !v.passed && !v.notEvaluated));

/** The way to the restricted record, once somebody is on it. */
export const useAccess = (detail: GetSubmissionDetailResponse) =>
  useQuery(RestrictedAccessService.method.getAccessCase, { submissionId: detail.summary?.submissionId ?? "" }, { enabled: detail.accessCase, refetchOnMount: "always" });

/** How long after an action of this page the stream may still tell of it. */
const own = 1_000;
let acted = Number.NEGATIVE_INFINITY;

/** Whether what was just told is this page's own last action, which is no news; true once an action. */
export function isOwn(): boolean {
  const fits = performance.now() - acted < own;
  acted = Number.NEGATIVE_INFINITY;
  return fits;
}

export function useDetailKeys(submissionId: string) {
  const transport = useTransport();
  return useMemo(
    () => ({
      detail: createConnectQueryKey({ schema: QueueService.method.getSubmissionDetail, transport, input: { submissionId }, cardinality: "finite" }),
      access: createConnectQueryKey({ schema: RestrictedAccessService.method.getAccessCase, transport, input: { submissionId }, cardinality: "finite" }),
      counts: createConnectQueryKey({ schema: QueueService.method.countQueue, transport, input: {}, cardinality: "finite" }),
    }),
    [transport, submissionId],
  );
}

/** Reads the submission, its case of restricted access and the counts again after an action. */
export function useReread(submissionId: string) {
  const cache = useQueryClient();
  const keys = useDetailKeys(submissionId);
  return useCallback(async () => {
    acted = performance.now();
    void cache.invalidateQueries({ queryKey: keys.counts });
    void cache.invalidateQueries({ queryKey: keys.access });
    await cache.invalidateQueries({ queryKey: keys.detail });
  }, [cache, keys]);
}
