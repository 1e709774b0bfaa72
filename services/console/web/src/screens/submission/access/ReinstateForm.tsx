import { useMutation } from "@connectrpc/connect-query";
import type { SubmissionSummary } from "../../../gen/noticehub/processing/v1/queue_pb";
import { RestrictedAccessService } from "../../../gen/noticehub/processing/v1/restricted_pb";
import { useActionId } from "../../../parts/useOnce";
import { WhyForm } from "../../../parts/WhyForm";

/** Ends a lift before its time. */
export function ReinstateForm({ summary: s, onDone }: { summary: SubmissionSummary; onDone: () => Promise<unknown> }) {
  const reinstate = useMutation(RestrictedAccessService.method.reinstateAccess);
  const actionId = useActionId();
  return (
    <WhyForm
      doIt="End access now"
      error={reinstate.error}
      hint="The record is closed again at once. To open it once more takes a new assessment."
      label="Why access ends now"
      most={4000}
      name={`reinstate/${s.submissionId}`}
      pending={reinstate.isPending}
      send={async (reason) => {
        await reinstate.mutateAsync({ submissionId: s.submissionId, reason, actionId: actionId(reason) });
        await onDone();
      }}
    />
  );
}
