import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { QueueService, type SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { Announce } from "../../parts/Announce";
import { Refused } from "../../parts/Refused";
import { useOnce } from "../../parts/useOnce";
import { useSession } from "../../session/session";
import { moment } from "../../words/time";
import { HoldForm } from "./HoldForm";
import { NoteForm } from "./NoteForm";
import { useReread } from "./useDetail";

/** What an officer may do with an open entry short of deciding it. */
export function Holding({ summary: s }: { summary: SubmissionSummary }) {
  const { person } = useSession();
  const reread = useReread(s.submissionId);
  const [done, setDone] = useState("");
  const claim = useMutation(QueueService.method.claim);
  const release = useMutation(QueueService.method.release);
  const reprocess = useMutation(QueueService.method.reprocess);
  const mine = s.heldBy === person;
  const others = s.heldBy !== "" && !mine;
  const act = useOnce(async (what: string, send: () => Promise<unknown>) => {
    [claim, release, reprocess].forEach((m) => m.reset());
    setDone("");
    await send();
    setDone(what);
    await reread();
  });
  const id = { submissionId: s.submissionId };
  const busy = claim.isPending || release.isPending || reprocess.isPending;
  return (
    <Stack gap={1}>
      <H2 fontSize="lg">Work on it</H2>
      {others && (
        <Text as="p">
          {s.heldBy} holds this entry{s.claimExpiresAt ? ` until ${moment(s.claimExpiresAt)}` : ""}. Until it is released, or a supervisor assigns it to you, you
          can only read.
        </Text>
      )}
      {!others && (
        <ButtonGroup>
          {mine ? (
            <Button loading={release.isPending} onClick={() => void act("Released.", () => release.mutateAsync(id))} variant="secondary">
              Release
            </Button>
          ) : (
            <Button loading={claim.isPending} onClick={() => void act("Claimed: the form to record the outcome is open.", () => claim.mutateAsync({ ...id, version: s.version }))}>
              Claim
            </Button>
          )}
          <Button
            loading={reprocess.isPending}
            onClick={() => void act("Automatic processing has decided again.", () => reprocess.mutateAsync({ ...id, version: s.version }))}
            variant="tertiary"
          >
            Process automatically again
          </Button>
        </ButtonGroup>
      )}
      <Refused error={busy ? null : (claim.error ?? release.error ?? reprocess.error)} />
      {reprocess.data?.error && <Text as="p">It could not be decided for technical reasons: {reprocess.data.error.message}. Try again later, or decide by hand.</Text>}
      <Announce text={done} />
      {!others && (
        <Details label="Add a note">
          <NoteForm onDone={reread} submissionId={s.submissionId} />
        </Details>
      )}
      {!others && (
        <Details label={s.holdUntil ? "End setting aside" : "Set aside until a date"}>
          <HoldForm onDone={reread} summary={s} />
        </Details>
      )}
    </Stack>
  );
}
