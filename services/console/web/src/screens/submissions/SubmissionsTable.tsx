import { Stack } from "@ag.ds-next/react/stack";
import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { customerPath, submissionPath } from "../../app/routes";
import { Outcome, SubmissionStatus } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { useSession } from "../../session/session";
import { holderWords } from "../../words/actor";
import { ago, moment } from "../../words/time";
import { functionWords, outcomeWords, reasonWords, statusWords, typeWords } from "../../words/vocabulary";
import type { Row } from "../queue/usePage";

const wide = { xs: "none", md: "table-cell" } as const;

/** Submissions of every status. */
export function SubmissionsTable({ rows, labelledBy }: { rows: Row[]; labelledBy: string }) {
  return (
    <TableWrapper>
      <Table aria-labelledby={labelledBy} striped>
        <TableHead>
          <TableRow>
            <TableHeader scope="col">Submission</TableHeader>
            <TableHeader scope="col">Status</TableHeader>
            <TableHeader display={wide} scope="col">
              Authority
            </TableHeader>
            <TableHeader display={wide} scope="col">
              Lodged
            </TableHeader>
            <TableHeader display={wide} scope="col">
              CRN
            </TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map(({ summary: s, gone }) => (
            <TableRow key={s.submissionId}>
              <TableCell as="th" scope="row">
                <Stack gap={0.25}>
                  <TextLink href={submissionPath(s.submissionId)}>{s.reference || "Without a reference"}</TextLink>
                  <Text>{typeWords[s.informationType]}</Text>
                </Stack>
              </TableCell>
              <TableCell>
                <Standing gone={gone} summary={s} />
              </TableCell>
              <TableCell display={wide}>
                <Stack gap={0.25}>
                  <Text>{s.authorityId}</Text>
                  <Text color="muted" fontSize="xs">
                    {functionWords[s.businessFunction]}
                  </Text>
                </Stack>
              </TableCell>
              <TableCell display={wide}>{moment(s.lodgedAt)}</TableCell>
              <TableCell display={wide}>{s.crn ? <TextLink href={customerPath(s.crn)}>{s.crn}</TextLink> : "–"}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableWrapper>
  );
}

function Standing({ summary: s, gone }: { summary: SubmissionSummary; gone: boolean }) {
  const { person } = useSession();
  const open = s.status === SubmissionStatus.UNPROCESSED;
  const waits = ago(s.since);
  return (
    <Stack gap={0.25}>
      <Text fontWeight="bold">
        {statusWords[s.status]}
        {s.outcome !== Outcome.UNSPECIFIED && `: ${outcomeWords[s.outcome]}`}
      </Text>
      {open && <Text>{s.reasons.map((r) => reasonWords[r]).join(", ") || s.description}</Text>}
      <Text color="muted" fontSize="xs">
        {open && s.heldBy ? `held by ${holderWords(s.heldBy, person).replace("You", "you")}, ` : ""}
        {open ? (waits === "just now" ? "came just now" : `waiting for ${waits}`) : `since ${moment(s.since)}`}
      </Text>
      {gone && <StatusBadge label="Not in this list any more" tone="infoLow" />}
    </Stack>
  );
}
