import { createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { QueueService } from "../../gen/noticehub/processing/v1/queue_pb";

/** All there is to see of one submission. Reading it is on record: it is read when opened and after an action. */
export const useDetail = (submissionId: string) => useQuery(QueueService.method.getSubmissionDetail, { submissionId }, { refetchOnMount: "always" });

/** Reads the submission and the counts again after an action. */
export function useReread(submissionId: string) {
  const cache = useQueryClient();
  const transport = useTransport();
  return useCallback(async () => {
    const key = (schema: typeof QueueService.method.countQueue | typeof QueueService.method.getSubmissionDetail, input: object) =>
      createConnectQueryKey({ schema: schema as typeof QueueService.method.getSubmissionDetail, transport, input, cardinality: "finite" });
    void cache.invalidateQueries({ queryKey: key(QueueService.method.countQueue, {}) });
    await cache.invalidateQueries({ queryKey: key(QueueService.method.getSubmissionDetail, { submissionId }) });
  }, [cache, transport, submissionId]);
}
