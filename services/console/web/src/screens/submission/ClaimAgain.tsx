import { Button } from "@ag.ds-next/react/button";
import { useMutation } from "@connectrpc/connect-query";
import { QueueService, type SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { Refused } from "../../parts/Refused";
import { useOnce } from "../../parts/useOnce";
import { useReread } from "./useDetail";

/** Stands where a claim ran out while the form was written: takes it up again without losing anything. */
export function ClaimAgain({ summary: s, onDone }: { summary: SubmissionSummary; onDone: () => void }) {
  const claim = useMutation(QueueService.method.claim);
  const reread = useReread(s.submissionId);
  const send = useOnce(async () => {
    await claim.mutateAsync({ submissionId: s.submissionId, version: s.version });
    await reread();
    onDone();
  });
  return (
    <>
      <Button alignSelf="flex-start" loading={claim.isPending} onClick={() => void send()} variant="secondary">
        Claim it again (your text is kept)
      </Button>
      <Refused error={claim.isPending ? null : claim.error} />
    </>
  );
}
