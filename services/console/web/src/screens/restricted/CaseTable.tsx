import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { TextLink } from "@ag.ds-next/react/text-link";
import { submissionPath } from "../../app/routes";
import { AccessState, type AccessCase } from "../../gen/noticehub/processing/v1/restricted_pb";
import { TimeLeft } from "../../parts/TimeLeft";
import { useSession } from "../../session/session";
import { holderWords } from "../../words/actor";
import { accessStateWords } from "../../words/access";
import { ago, moment } from "../../words/time";

/** Cases with what each waits for, from whom and since when. */
export function CaseTable({ cases, id, title }: { cases: AccessCase[]; id: string; title: string }) {
  const { person } = useSession();
  return (
    <Stack gap={1}>
      <H2 fontSize="lg" id={id}>
        {title} ({cases.length})
      </H2>
      <TableWrapper>
        <Table aria-labelledby={id} striped>
          <TableHead>
            <TableRow>
              {["Submission", "Where it stands", "Waits for", "Asked by", "Customer knows", "Open for"].map((h) => (
                <TableHeader key={h} scope="col">
                  {h}
                </TableHeader>
              ))}
            </TableRow>
          </TableHead>
          <TableBody>
            {cases.map((c) => (
              <TableRow key={c.caseId}>
                <TableCell as="th" scope="row">
                  <TextLink href={submissionPath(c.submissionId)}>
                    {c.authorityId}, {c.crn || "customer not shown"}, since {moment(c.openedAt)}
                  </TextLink>
                </TableCell>
                <TableCell>
                  {accessStateWords[c.state]}
                  {c.state === AccessState.LIFTED && c.until && (
                    <>
                      {": "}
                      <TimeLeft until={c.until} />
                    </>
                  )}
                </TableCell>
                <TableCell>{waitsFor(c, person)}</TableCell>
                <TableCell>{holderWords(c.requester, person)}</TableCell>
                <TableCell>{c.customerAware ? "Yes" : "No: the customer has to be contacted"}</TableCell>
                <TableCell>{ago(c.openedAt)}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </TableWrapper>
    </Stack>
  );
}

function waitsFor(c: AccessCase, me: string): string {
  const requester = holderWords(c.requester, me);
  switch (c.state) {
    case AccessState.CONTACTED:
      return `${requester}: to ask for the risk assessment`;
    case AccessState.REQUESTED:
      return "A Restricted Access officer: to decide";
    case AccessState.LIFTED:
      return `${requester}: to look, and to record the outcome`;
    default:
      return "Nobody: it is closed";
  }
}
