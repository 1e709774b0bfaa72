import type { MessageInitShape } from "@bufbuild/protobuf";
import { useMutation } from "@connectrpc/connect-query";
import { Outcome } from "../../gen/noticehub/event/v1/vocabulary_pb";
import { QueueService, type RecordOutcomeRequestSchema } from "../../gen/noticehub/processing/v1/queue_pb";
import { useActionId, useOnce } from "../../parts/useOnce";

/** Records an outcome or returns the submission, once however often it is sent. */
export function useRecord(recorded: () => void, reread: () => Promise<unknown>) {
  const record = useMutation(QueueService.method.recordOutcome);
  const giveBack = useMutation(QueueService.method.returnToAuthority);
  const actionId = useActionId();
  const send = useOnce(async (r: MessageInitShape<typeof RecordOutcomeRequestSchema>) => {
    record.reset();
    giveBack.reset();
    const named = { ...r, actionId: actionId(r) };
    if (r.outcome === Outcome.RETURNED) {
      const { submissionId, version, declaration, note, noteForAuthority } = r;
      await giveBack.mutateAsync({ submissionId, version, declaration, note, noteForAuthority, actionId: named.actionId });
    } else {
      await record.mutateAsync(named);
    }
    recorded();
    await reread();
  });
  return {
    send,
    error: record.error ?? giveBack.error,
    isPending: record.isPending || giveBack.isPending,
    reset: () => {
      record.reset();
      giveBack.reset();
    },
  };
}
