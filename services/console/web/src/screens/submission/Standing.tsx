import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { StatusBadge, type StatusBadgeTone } from "@ag.ds-next/react/status-badge";
import { Text } from "@ag.ds-next/react/text";
import { UnorderedList, ListItem } from "@ag.ds-next/react/list";
import { SubmissionStatus } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { GetSubmissionDetailResponse, SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { Facts } from "../../parts/Facts";
import { useSession } from "../../session/session";
import { holderWords } from "../../words/actor";
import { ago, day, moment } from "../../words/time";
import { functionWords, outcomeWords, reasonWords, statusWords } from "../../words/vocabulary";

const tones: Record<SubmissionStatus, StatusBadgeTone> = {
  [SubmissionStatus.UNSPECIFIED]: "unknownLow",
  [SubmissionStatus.PENDING]: "notStartedLow",
  [SubmissionStatus.AUTO_PROCESSING]: "inProgressLow",
  [SubmissionStatus.UNPROCESSED]: "warningMedium",
  [SubmissionStatus.PROCESSED]: "successMedium",
  [SubmissionStatus.RETURNED]: "infoMedium",
  [SubmissionStatus.WITHDRAWN]: "infoLow",
};

/** Where the submission stands, in plain words, and what to do next. */
export function Standing({ detail, summary: s }: { detail: GetSubmissionDetailResponse; summary: SubmissionSummary }) {
  const { person } = useSession();
  const until = s.claimExpiresAt ? ` until ${moment(s.claimExpiresAt)}` : "";
  return (
    <Stack gap={1}>
      <div>
        <StatusBadge label={statusWords[s.status]} tone={tones[s.status]} />
      </div>
      <Facts
        facts={[
          ["Outcome", s.outcome ? outcomeWords[s.outcome] : ""],
          ["Why it waits", s.reasons.length > 0 ? `${s.reasons.map((r) => reasonWords[r]).join(", ")}. ${s.description}` : ""],
          [s.status === SubmissionStatus.UNPROCESSED ? "Waiting for" : "So since", s.since ? `${ago(s.since)} (since ${moment(s.since)})` : ""],
          ["Held by", s.heldBy ? `${holderWords(s.heldBy, person)}${until}` : s.status === SubmissionStatus.UNPROCESSED ? "Nobody" : ""],
          ["Set aside until", s.holdUntil ? day(s.holdUntil) : ""],
          ["Authority", `${s.authorityId} (${functionWords[s.businessFunction]})`],
          ["Case worker", s.caseWorker],
          ["CRN", s.crn],
          ["Lodged", moment(s.lodgedAt)],
        ]}
      />
      {detail.nextSteps.length > 0 && (
        <Stack gap={0.5}>
          <H2 fontSize="lg">What to do next</H2>
          {detail.nextSteps.length === 1 ? (
            <Text as="p">{detail.nextSteps[0]}</Text>
          ) : (
            <UnorderedList>
              {detail.nextSteps.map((step) => (
                <ListItem key={step}>{step}</ListItem>
              ))}
            </UnorderedList>
          )}
        </Stack>
      )}
    </Stack>
  );
}
