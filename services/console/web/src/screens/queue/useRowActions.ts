import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { QueueService, type SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { useReread } from "../../parts/useReread";

/** What became of a claim or release that was sent from a row: on its way, or refused. */
export type Sent = { busy: boolean; error?: unknown };

/** Claims what nobody holds and releases what one holds, each the undoing of the other, for all rows of a table. */
export function useRowActions(onActed: (s: SubmissionSummary) => void) {
  const transport = useTransport();
  const reread = useReread();
  const [sent, setSent] = useState<ReadonlyMap<string, Sent>>(new Map());
  const busy = useRef(new Set<string>());
  const { mutateAsync } = useMutation({
    mutationFn: async ({ summary: { submissionId, version }, mine }: { summary: SubmissionSummary; mine: boolean }) =>
      mine
        ? callUnaryMethod(transport, QueueService.method.release, { submissionId })
        : callUnaryMethod(transport, QueueService.method.claim, { submissionId, version }),
  });
  const act = useCallback(
    async (summary: SubmissionSummary, mine: boolean) => {
      const id = summary.submissionId;
      // A second click while the first is under way sends nothing.
      if (busy.current.has(id)) return;
      busy.current.add(id);
      const tell = (now: Sent) => setSent((before) => new Map(before).set(id, now));
      tell({ busy: true });
      try {
        const answer = await mutateAsync({ summary, mine });
        tell({ busy: false });
        if (answer.submission) onActed(answer.submission);
        // The counts beside the queue are looked at again at once.
        void reread(QueueService.method.countQueue);
      } catch (error) {
        tell({ busy: false, error });
      } finally {
        busy.current.delete(id);
      }
    },
    [mutateAsync, onActed, reread],
  );
  return { sent, act };
}
