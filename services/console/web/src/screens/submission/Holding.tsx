import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { Flex } from "@ag.ds-next/react/flex";
import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { QueueService, type SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { Announce } from "../../parts/Announce";
import { ConflictForm } from "../../parts/ConflictForm";
import { Refused } from "../../parts/Refused";
import { useOnce } from "../../parts/useOnce";
import { useSession } from "../../session/session";
import { moment } from "../../words/time";
import { HoldForm } from "./HoldForm";
import { NoteForm } from "./NoteForm";
import { useReread } from "./useDetail";

/** What was just done, and how it is taken back. */
type Done = { text: string; undo?: () => Promise<unknown> };

/** What an officer may do with an open entry short of deciding it. */
export function Holding({ summary: s }: { summary: SubmissionSummary }) {
  const { person } = useSession();
  const reread = useReread(s.submissionId);
  const [done, setDone] = useState<Done>({ text: "" });
  const claim = useMutation(QueueService.method.claim);
  const release = useMutation(QueueService.method.release);
  const hold = useMutation(QueueService.method.hold);
  const reprocess = useMutation(QueueService.method.reprocess);
  const all = [claim, release, hold, reprocess];
  const mine = s.heldBy === person;
  const others = s.heldBy !== "" && !mine;
  const act = useOnce(async (what: Done, send: () => Promise<unknown>) => {
    all.forEach((m) => m.reset());
    setDone({ text: "" });
    await send();
    setDone(what);
    await reread();
  });
  const id = { submissionId: s.submissionId };
  const giveBack = () => release.mutateAsync(id);
  const takeUp = () => claim.mutateAsync({ ...id, version: s.version });
  const endHold = () => hold.mutateAsync({ ...id, version: s.version, until: "", note: "Taken back at once" });
  const busy = all.some((m) => m.isPending);
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
            <Button loading={release.isPending} onClick={() => void act({ text: "Released: whoever comes next can take it up." }, giveBack)} variant="secondary">
              Release
            </Button>
          ) : (
            <Button loading={claim.isPending} onClick={() => void act({ text: "You have it now: the form to record the outcome is open.", undo: giveBack }, takeUp)}>
              Claim
            </Button>
          )}
          <Button
            loading={reprocess.isPending}
            onClick={() => void act({ text: "Automatic processing has decided again." }, () => reprocess.mutateAsync({ ...id, version: s.version }))}
            variant="tertiary"
          >
            Process automatically again
          </Button>
        </ButtonGroup>
      )}
      <Refused error={busy ? null : all.find((m) => m.error)?.error} />
      {reprocess.data?.error && <Text as="p">It could not be decided for technical reasons: {reprocess.data.error.message}. Try again later, or decide by hand.</Text>}
      {done.text && !busy && (
        <Flex alignItems="center" flexWrap="wrap" gap={1}>
          <Text aria-hidden>{done.text}</Text>
          {done.undo && (
            <Button onClick={() => done.undo && void act({ text: "Taken back." }, done.undo)} size="sm" variant="text">
              Undo
            </Button>
          )}
        </Flex>
      )}
      <Announce text={done.text} />
      {!others && (
        <Details label="Add a note">
          <NoteForm
            onDone={() => {
              setDone({ text: "" });
              return reread();
            }}
            submissionId={s.submissionId}
          />
        </Details>
      )}
      {!others && (
        <Details label={s.holdUntil ? "End setting aside" : "Set aside until a date"}>
          <HoldForm
            onDone={(text) => {
              setDone({ text, undo: s.holdUntil ? undefined : endHold });
              return reread();
            }}
            summary={s}
          />
        </Details>
      )}
      <Details label="I must not work on this: a conflict of interest">
        <ConflictForm crn={s.crn} name={s.submissionId} onDone={reread} />
      </Details>
    </Stack>
  );
}
