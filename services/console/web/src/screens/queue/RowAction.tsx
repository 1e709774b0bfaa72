import { LoadingDots } from "@ag.ds-next/react/loading";
import { faultOf } from "../../api/fault";
import type { SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import type { Sent } from "./useRowActions";

type Props = {
  summary: SubmissionSummary;
  person: string;
  /** Whether this person may claim at all. */
  acts: boolean;
  sent: Sent | undefined;
  act: (s: SubmissionSummary, mine: boolean) => Promise<void>;
};

/** Claims or releases an entry where it stands; the row changes in place. */
export function RowAction({ summary: s, person, acts, sent, act }: Props) {
  const mine = s.heldBy === person;
  if (s.heldBy && !(mine && acts)) {
    return (
      <>
        <span className="quiet">Held by {s.heldBy}</span>
        {acts && <Problem error={sent?.error} />}
      </>
    );
  }
  if (!acts) return null;
  return (
    <>
      <button
        aria-label={`${mine ? "Release" : "Claim"} ${s.reference} of ${s.authorityId}`}
        className={mine ? "act plain" : "act"}
        onClick={(e) => {
          if (e.detail > 1) return; // the second of a double click would undo the first
          e.currentTarget.focus(); // Safari gives no button the focus by a click
          void act(s, mine);
        }}
        type="button"
      >
        <span className={sent?.busy ? "sent" : undefined}>{mine ? "Release" : "Claim"}</span>
        <span aria-live="assertive">{sent?.busy && <LoadingDots className="dots" label="Sending" size="sm" />}</span>
      </button>
      <Problem error={sent?.error} />
    </>
  );
}

const Problem = ({ error }: { error: unknown }) =>
  error ? (
    <span className="wrong" role="alert">
      {refusal(error)}
    </span>
  ) : null;

function refusal(error: unknown): string {
  const f = faultOf(error);
  if (f.reason === "HELD_BY_ANOTHER") return `${f.meta.held_by ?? "Somebody else"} was first.`;
  if (f.reason === "SUBMISSION_CHANGED") return "It changed meanwhile. Load the list again.";
  return f.reason ? f.message : "The hub does not answer. Try again.";
}
