import { Button } from "@ag.ds-next/react/button";
import { Text } from "@ag.ds-next/react/text";
import { Stack } from "@ag.ds-next/react/stack";
import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { faultOf } from "../../api/fault";
import { QueueService, type SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { useOnce } from "../../parts/useOnce";
import { mayAct, useSession } from "../../session/session";

/** Claims or releases an entry where it stands, each the undoing of the other; the row changes in place. */
export function RowAction({ summary: s, onActed }: { summary: SubmissionSummary; onActed: (s: SubmissionSummary) => void }) {
  const session = useSession();
  const cache = useQueryClient();
  const transport = useTransport();
  const mine = s.heldBy === session.person;
  const { submissionId, version } = s;
  // One for both: a page has fifty rows, and each of them costs time to draw.
  const { mutateAsync, isPending, error } = useMutation({
    mutationFn: async () =>
      mine
        ? callUnaryMethod(transport, QueueService.method.release, { submissionId })
        : callUnaryMethod(transport, QueueService.method.claim, { submissionId, version }),
  });
  const act = useCallback(async () => {
    const answer = await mutateAsync();
    if (answer.submission) onActed(answer.submission);
    // The counts beside the queue are looked at again at once.
    void cache.invalidateQueries({ predicate: (q) => JSON.stringify(q.queryKey).includes('"CountQueue"') });
  }, [mutateAsync, cache, onActed]);
  const once = useOnce(act);
  if (!mayAct(session)) return s.heldBy ? <Text color="muted">Held by {s.heldBy}</Text> : null;
  if (s.heldBy && !mine) {
    return (
      <Stack gap={0.25}>
        <Text color="muted">Held by {s.heldBy}</Text>
        {error && <Problem error={error} />}
      </Stack>
    );
  }
  return (
    <Stack alignItems="flex-start" gap={0.25}>
      <Button
        aria-label={`${mine ? "Release" : "Claim"} ${s.reference} of ${s.authorityId}`}
        loading={isPending}
        loadingLabel="Sending"
        onClick={() => void once()}
        size="sm"
        variant={mine ? "tertiary" : "secondary"}
      >
        {mine ? "Release" : "Claim"}
      </Button>
      {error && <Problem error={error} />}
    </Stack>
  );
}

const Problem = ({ error }: { error: unknown }) => (
  <Text color="error" role="alert">
    {refusal(error)}
  </Text>
);

function refusal(error: unknown): string {
  const f = faultOf(error);
  if (f.reason === "HELD_BY_ANOTHER") return `${f.meta.held_by ?? "Somebody else"} was first.`;
  if (f.reason === "SUBMISSION_CHANGED") return "It changed meanwhile. Load the list again.";
  return f.reason ? f.message : "The hub does not answer. Try again.";
}
