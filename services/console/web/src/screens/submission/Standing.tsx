import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { StatusBadge, type StatusBadgeTone } from "@ag.ds-next/react/status-badge";
import { Text } from "@ag.ds-next/react/text";
import { UnorderedList, ListItem } from "@ag.ds-next/react/list";
import { TextLink } from "@ag.ds-next/react/text-link";
import { customerPath } from "../../app/routes";
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

/** What comes next where no officer has to act. */
const onward: Partial<Record<SubmissionStatus, string>> = {
  [SubmissionStatus.PENDING]: "Nothing yet: automatic processing takes it up by itself.",
  [SubmissionStatus.AUTO_PROCESSING]: "Nothing yet: automatic processing decides it in a moment.",
  [SubmissionStatus.PROCESSED]: "Nothing: it is decided. The authority learns of it in its next daily report.",
  [SubmissionStatus.RETURNED]: "Nothing: it waits for the authority to lodge it again, which makes a new submission.",
  [SubmissionStatus.WITHDRAWN]: "Nothing: the authority took it back.",
};

/** Where the submission stands, in plain words, and what to do next. */
export function Standing({ detail, summary: s }: { detail: GetSubmissionDetailResponse; summary: SubmissionSummary }) {
  const { person } = useSession();
  const steps = detail.nextSteps.length > 0 ? detail.nextSteps : [onward[s.status] ?? ""].filter(Boolean);
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
          ["CRN", s.crn && <TextLink href={customerPath(s.crn)} key="crn">{s.crn}</TextLink>],
          ["Lodged", moment(s.lodgedAt)],
        ]}
      />
      {steps.length > 0 && (
        <Stack gap={0.5}>
          <H2 fontSize="lg">What to do next</H2>
          {steps.length === 1 ? (
            <Text as="p">{steps[0]}</Text>
          ) : (
            <UnorderedList>
              {steps.map((step) => (
                <ListItem key={step}>{step}</ListItem>
              ))}
            </UnorderedList>
          )}
        </Stack>
      )}
    </Stack>
  );
}
