import { Button } from "@ag.ds-next/react/button";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import type { GetSubmissionDetailResponse } from "../../gen/noticehub/processing/v1/queue_pb";
import { useSession } from "../../session/session";
import { day } from "../../words/time";
import { outcomeWords, statusWords } from "../../words/vocabulary";

/** Tells what changed meanwhile and offers to load it; nothing on the screen moves before. */
export function News({ shown, news, onLoad }: { shown: GetSubmissionDetailResponse; news: GetSubmissionDetailResponse | undefined; onLoad: () => void }) {
  const { person } = useSession();
  return (
    <div role="status">
      {news && (
        <SectionAlert title="This submission is not what you see any more" tone="warning">
          <Stack alignItems="flex-start" gap={0.5}>
            {changesOf(shown, news, person).map((line) => (
              <Text as="p" key={line}>
                {line}
              </Text>
            ))}
            <Button onClick={onLoad} size="sm" variant="secondary">
              Load it as it is now (what you wrote stays)
            </Button>
          </Stack>
        </SectionAlert>
      )}
    </div>
  );
}

function changesOf(shown: GetSubmissionDetailResponse, news: GetSubmissionDetailResponse, person: string): string[] {
  const [a, b] = [shown.summary, news.summary];
  if (!a || !b) return [];
  const lines: string[] = [];
  if (a.status !== b.status) lines.push(`${statusWords[b.status]}${b.outcome ? `: ${outcomeWords[b.outcome]}` : ""}.`);
  if (a.heldBy !== b.heldBy && a.status === b.status) lines.push(b.heldBy === "" ? "Nobody has it now." : `${b.heldBy === person ? "You have" : `${b.heldBy} has`} it now.`);
  if (a.holdUntil !== b.holdUntil) lines.push(b.holdUntil ? `It is set aside, to come back on ${day(b.holdUntil)}.` : "It is set aside no longer.");
  if (news.decisions.length > shown.decisions.length) lines.push("It went through automatic processing again.");
  if (news.notes.length > shown.notes.length) lines.push(news.notes.length - shown.notes.length === 1 ? "There is one more note." : `There are ${news.notes.length - shown.notes.length} more notes.`);
  if (a.status === b.status && shown.guarded !== news.guarded) lines.push(news.guarded ? "The record is not open to you any more." : "The record is open to you now.");
  if (lines.length === 0) lines.push("What may be done with it changed.");
  return lines;
}
