import { useMutation } from "@connectrpc/connect-query";
import type { SubmissionSummary } from "../../../gen/noticehub/processing/v1/queue_pb";
import { RestrictedAccessService } from "../../../gen/noticehub/processing/v1/restricted_pb";
import { useActionId } from "../../../parts/useOnce";
import { WhyForm } from "../../../parts/WhyForm";

/** Asks the Restricted Access officers to decide on the officer's own case. */
export function AskForm({ summary: s, onDone }: { summary: SubmissionSummary; onDone: () => Promise<unknown> }) {
  const request = useMutation(RestrictedAccessService.method.requestRiskAssessment);
  const actionId = useActionId();
  return (
    <WhyForm
      doIt="Ask for the assessment"
      error={request.error}
      hint="Why the record is needed to decide this submission."
      label="Why access is needed"
      most={4000}
      name={`ask/${s.submissionId}`}
      pending={request.isPending}
      send={async (reason) => {
        await request.mutateAsync({ submissionId: s.submissionId, reason, actionId: actionId(reason) });
        await onDone();
      }}
    />
  );
}
