import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { memo } from "react";
import { Link } from "../../app/Link";
import { submissionPath } from "../../app/routes";
import type { SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { ago, day, moment, timeOfDay } from "../../words/time";
import { reasonWords, typeWords } from "../../words/vocabulary";
import { RowAction } from "./RowAction";
import type { Sent } from "./useRowActions";

type Props = {
  summary: SubmissionSummary;
  gone: boolean;
  own: boolean;
  chosen: boolean;
  /** Chooses it or no more; missing where rows cannot be chosen. */
  toggle: ((id: string) => void) | undefined;
  person: string;
  acts: boolean;
  sent: Sent | undefined;
  act: (s: SubmissionSummary, mine: boolean) => Promise<void>;
  /** Another minute draws the row again: it tells how long the entry has waited. */
  minute: number;
};

/** A row of the queue, drawn again only when something of its own changed. */
export const Entry = memo(function Entry({ summary: s, gone, own, chosen, toggle, person, acts, sent, act }: Props) {
  return (
    <tr aria-selected={chosen}>
      {toggle && (
        <td>
          {!gone && (
            <label className="tick">
              <input aria-label={`Select ${s.reference} of ${s.authorityId}`} checked={chosen} onChange={() => toggle(s.submissionId)} type="checkbox" />
              <svg aria-hidden="true" viewBox="0 0 24 24">
                <path d="M20 6 9 17l-5-5" />
              </svg>
            </label>
          )}
        </td>
      )}
      <th scope="row">
        <div className="lines">
          <Link className="link" href={submissionPath(s.submissionId)}>
            {s.reference}
          </Link>
          <span>{typeWords[s.informationType]}</span>
          <span className="quiet">{s.authorityId}</span>
        </div>
      </th>
      <td>
        <div className="lines">
          <span className="strong">{s.reasons.map((x) => reasonWords[x]).join(", ")}</span>
          <span>{s.description}</span>
        </div>
      </td>
      <td className="wide">
        <div className="lines">
          <span>{ago(s.since)}</span>
          <span className="quiet small">lodged {moment(s.lodgedAt)}</span>
        </div>
      </td>
      <td className="wide">{s.crn || "–"}</td>
      <td>
        <div className="lines">
          {gone && <StatusBadge label="Not in this list any more" tone="infoLow" />}
          {(!gone || own) && (
            <>
              {s.holdUntil && <StatusBadge label={`Set aside until ${day(s.holdUntil)}`} tone="pausedLow" />}
              {s.heldBy === person && s.claimExpiresAt && <span className="quiet small">until {timeOfDay(s.claimExpiresAt)}</span>}
              <RowAction act={act} acts={acts} person={person} sent={sent} summary={s} />
            </>
          )}
        </div>
      </td>
    </tr>
  );
});
