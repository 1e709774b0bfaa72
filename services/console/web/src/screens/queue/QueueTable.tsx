import { VisuallyHidden } from "@ag.ds-next/react/a11y";
import { Checkbox } from "@ag.ds-next/react/checkbox";
import { Table, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { useMemo } from "react";
import type { SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { Rows } from "../../parts/Rows";
import { mayAct, useSession } from "../../session/session";
import { businessNow } from "../../words/time";
import { Entry } from "./Entry";
import type { Row } from "./usePage";
import { useRowActions } from "./useRowActions";

const wide = { xs: "none", md: "table-cell" } as const;

/** Rows that can be chosen for doing something to all of them. */
export type Choice = {
  chosen: ReadonlySet<string>;
  choose: (next: (before: ReadonlySet<string>) => ReadonlySet<string>) => void;
};

type Props = { rows: Row[]; labelledBy: string; onActed: (s: SubmissionSummary) => void; choice?: Choice };

/** Entries of the queue. On a phone the columns that the entry itself tells again are left out. */
export function QueueTable({ rows, labelledBy, onActed, choice }: Props) {
  const session = useSession();
  const acts = mayAct(session);
  const { sent, act } = useRowActions(onActed);
  const open = rows.filter((r) => !r.gone).map((r) => r.summary.submissionId);
  const all = choice !== undefined && open.length > 0 && open.every((id) => choice.chosen.has(id));
  const choose = choice?.choose;
  const toggle = useMemo(
    () =>
      choose &&
      ((id: string) =>
        choose((before) => {
          const next = new Set(before);
          if (!next.delete(id)) next.add(id);
          return next;
        })),
    [choose],
  );
  // Rows that are drawn again at all tell how long they wait by the minute.
  const minute = Math.floor(businessNow() / 60_000);
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
                  onChange={() => choice.choose(() => new Set(all ? [] : open))}
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
        <Rows>
          {rows.map(({ summary: s, gone, own = false }) => (
            <Entry
              act={act}
              acts={acts}
              chosen={choice?.chosen.has(s.submissionId) ?? false}
              gone={gone}
              key={s.submissionId}
              minute={minute}
              own={own}
              person={session.person}
              sent={sent.get(s.submissionId)}
              summary={s}
              toggle={toggle}
            />
          ))}
        </Rows>
      </Table>
    </TableWrapper>
  );
}
