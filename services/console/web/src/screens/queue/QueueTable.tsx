import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { Stack } from "@ag.ds-next/react/stack";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { submissionPath } from "../../app/routes";
import type { SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { useSession } from "../../session/session";
import { ago, day, moment, timeOfDay } from "../../words/time";
import { reasonWords, typeWords } from "../../words/vocabulary";
import { RowAction } from "./RowAction";
import type { Row } from "./usePage";

const wide = { xs: "none", md: "table-cell" } as const;

/** Entries of the queue. On a phone the columns that the entry itself tells again are left out. */
export function QueueTable({ rows, labelledBy }: { rows: Row[]; labelledBy: string }) {
  return (
    <TableWrapper>
      <Table aria-labelledby={labelledBy} striped>
        <TableHead>
          <TableRow>
            <TableHeader scope="col">Submission</TableHeader>
            <TableHeader scope="col">Why it waits</TableHeader>
            <TableHeader display={wide} scope="col">
              Waiting
            </TableHeader>
            <TableHeader display={wide} scope="col">
              CRN
            </TableHeader>
            <TableHeader scope="col">Claim</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((r) => (
            <TableRow key={r.summary.submissionId}>
              <TableCell as="th" scope="row">
                <Stack gap={0.25}>
                  <TextLink href={submissionPath(r.summary.submissionId)}>{r.summary.reference}</TextLink>
                  <Text>{typeWords[r.summary.informationType]}</Text>
                  <Text color="muted">{r.summary.authorityId}</Text>
                </Stack>
              </TableCell>
              <TableCell>
                <Stack gap={0.25}>
                  <Text fontWeight="bold">{r.summary.reasons.map((x) => reasonWords[x]).join(", ")}</Text>
                  <Text>{r.summary.description}</Text>
                </Stack>
              </TableCell>
              <TableCell display={wide}>
                <Stack gap={0.25}>
                  <Text>{ago(r.summary.since)}</Text>
                  <Text color="muted" fontSize="xs">
                    lodged {moment(r.summary.lodgedAt)}
                  </Text>
                </Stack>
              </TableCell>
              <TableCell display={wide}>{r.summary.crn || "–"}</TableCell>
              <TableCell>{r.gone ? <StatusBadge label="Not in this list any more" tone="infoLow" /> : <Claim summary={r.summary} />}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableWrapper>
  );
}

function Claim({ summary: s }: { summary: SubmissionSummary }) {
  const { person } = useSession();
  const until = s.heldBy === person && s.claimExpiresAt ? `until ${timeOfDay(s.claimExpiresAt)}` : "";
  return (
    <Stack gap={0.25}>
      {s.holdUntil && <StatusBadge label={`Set aside until ${day(s.holdUntil)}`} tone="pausedLow" />}
      {until && (
        <Text color="muted" fontSize="xs">
          {until}
        </Text>
      )}
      <RowAction summary={s} />
    </Stack>
  );
}
