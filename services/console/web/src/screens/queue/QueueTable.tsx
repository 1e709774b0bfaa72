import { VisuallyHidden } from "@ag.ds-next/react/a11y";
import { Checkbox } from "@ag.ds-next/react/checkbox";
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

/** Rows that can be chosen for doing something to all of them. */
export type Choice = { chosen: ReadonlySet<string>; choose: (ids: ReadonlySet<string>) => void };

type Props = { rows: Row[]; labelledBy: string; onActed: (s: SubmissionSummary) => void; choice?: Choice };

/** Entries of the queue. On a phone the columns that the entry itself tells again are left out. */
export function QueueTable({ rows, labelledBy, onActed, choice }: Props) {
  const open = rows.filter((r) => !r.gone).map((r) => r.summary.submissionId);
  const all = choice !== undefined && open.length > 0 && open.every((id) => choice.chosen.has(id));
  return (
    <TableWrapper>
      <Table aria-labelledby={labelledBy} striped>
        <TableHead>
          <TableRow>
            {choice && (
              <TableHeader scope="col">
                <Checkbox
                  checked={all}
                  indeterminate={!all && choice.chosen.size > 0}
                  onChange={() => choice.choose(new Set(all ? [] : open))}
                  size="sm"
                >
                  <VisuallyHidden>Select all on this page</VisuallyHidden>
                </Checkbox>
              </TableHeader>
            )}
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
            <TableRow key={r.summary.submissionId} selected={choice?.chosen.has(r.summary.submissionId) ?? false}>
              {choice && <TableCell>{!r.gone && <Choose choice={choice} summary={r.summary} />}</TableCell>}
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
              <TableCell>
                <Stack gap={0.25}>
                  {r.gone && <StatusBadge label="Not in this list any more" tone="infoLow" />}
                  {(!r.gone || r.own) && <Claim onActed={onActed} summary={r.summary} />}
                </Stack>
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableWrapper>
  );
}

function Choose({ choice, summary: s }: { choice: Choice; summary: SubmissionSummary }) {
  const toggle = () => {
    const next = new Set(choice.chosen);
    if (!next.delete(s.submissionId)) next.add(s.submissionId);
    choice.choose(next);
  };
  return (
    <Checkbox checked={choice.chosen.has(s.submissionId)} onChange={toggle} size="sm">
      <VisuallyHidden>
        Select {s.reference} of {s.authorityId}
      </VisuallyHidden>
    </Checkbox>
  );
}

function Claim({ summary: s, onActed }: { summary: SubmissionSummary; onActed: (s: SubmissionSummary) => void }) {
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
      <RowAction onActed={onActed} summary={s} />
    </Stack>
  );
}
