import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { Table, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { memo } from "react";
import { Link } from "../../app/Link";
import { customerPath, submissionPath } from "../../app/routes";
import { Outcome, SubmissionStatus } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { Rows } from "../../parts/Rows";
import { useSession } from "../../session/session";
import { holderWords } from "../../words/actor";
import { ago, businessNow, moment } from "../../words/time";
import { functionWords, outcomeWords, reasonWords, statusWords, typeWords } from "../../words/vocabulary";
import type { Row } from "../queue/usePage";

const wide = { xs: "none", md: "table-cell" } as const;

/** Submissions of every status. */
export function SubmissionsTable({ rows, labelledBy }: { rows: Row[]; labelledBy: string }) {
  const { person } = useSession();
  const minute = Math.floor(businessNow() / 60_000);
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
        <Rows>
          {rows.map(({ summary: s, gone }) => (
            <Entry gone={gone} key={s.submissionId} minute={minute} person={person} summary={s} />
          ))}
        </Rows>
      </Table>
    </TableWrapper>
  );
}

/** A row, drawn again only when something of its own changed, or for another minute: it tells how long an entry waits. */
const Entry = memo(function Entry({ summary: s, gone, person }: { summary: SubmissionSummary; gone: boolean; person: string; minute: number }) {
  return (
    <tr>
      <th scope="row">
        <div className="lines">
          <Link className="link" href={submissionPath(s.submissionId)}>
            {s.reference || "Without a reference"}
          </Link>
          <span>{typeWords[s.informationType]}</span>
        </div>
      </th>
      <td>
        <Standing gone={gone} person={person} summary={s} />
      </td>
      <td className="wide">
        <div className="lines">
          <span>{s.authorityId}</span>
          <span className="quiet small">{functionWords[s.businessFunction]}</span>
        </div>
      </td>
      <td className="wide">{moment(s.lodgedAt)}</td>
      <td className="wide">
        {s.crn ? (
          <Link className="link" href={customerPath(s.crn)}>
            {s.crn}
          </Link>
        ) : (
          "–"
        )}
      </td>
    </tr>
  );
});

function Standing({ summary: s, gone, person }: { summary: SubmissionSummary; gone: boolean; person: string }) {
  const open = s.status === SubmissionStatus.UNPROCESSED;
  const waits = ago(s.since);
  return (
    <div className="lines">
      <span className="strong">
        {statusWords[s.status]}
        {s.outcome !== Outcome.UNSPECIFIED && `: ${outcomeWords[s.outcome]}`}
      </span>
      {open && <span>{s.reasons.map((r) => reasonWords[r]).join(", ") || s.description}</span>}
      <span className="quiet small">
        {open && s.heldBy ? `held by ${holderWords(s.heldBy, person).replace("You", "you")}, ` : ""}
        {open ? (waits === "just now" ? "came just now" : `waiting for ${waits}`) : `since ${moment(s.since)}`}
      </span>
      {gone && <StatusBadge label="Not in this list any more" tone="infoLow" />}
    </div>
  );
}
