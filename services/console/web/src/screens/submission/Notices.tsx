import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import type { Notice } from "../../gen/noticehub/processing/v1/queue_pb";
import { day } from "../../words/time";
import { measureWords, noticeStateWords } from "../../words/vocabulary";

/** The customer's notices as the register has them now. */
export function Notices({ notices }: { notices: Notice[] }) {
  return (
    <Stack gap={1}>
      <H2 fontSize="lg" id="notices">
        Notices on the register
      </H2>
      <TableWrapper>
        <Table aria-labelledby="notices" striped>
          <TableHead>
            <TableRow>
              {["Period", "State", "Measure", "Authority", "Quarantined"].map((h) => (
                <TableHeader key={h} scope="col">
                  {h}
                </TableHeader>
              ))}
            </TableRow>
          </TableHead>
          <TableBody>
            {notices.map((n) => (
              <TableRow key={n.noticeId}>
                <TableCell as="th" scope="row">
                  {periodOf(n)}
                </TableCell>
                <TableCell>
                  {noticeStateWords[n.state]}
                  {n.continuation ? " (continuation)" : ""}
                </TableCell>
                <TableCell>{measureWords[n.measure]}</TableCell>
                <TableCell>{n.authorityId}</TableCell>
                <TableCell>{n.quarantinedPercent} %</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </TableWrapper>
    </Stack>
  );
}

export const periodOf = (n: Notice) => `${day(n.startDate)} to ${day(n.endDate)}`;
