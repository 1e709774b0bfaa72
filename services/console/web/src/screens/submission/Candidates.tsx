import { H2 } from "@ag.ds-next/react/heading";
import { ListItem, UnorderedList } from "@ag.ds-next/react/list";
import { Stack } from "@ag.ds-next/react/stack";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { Text } from "@ag.ds-next/react/text";
import type { GetSubmissionDetailResponse, MatchCandidate } from "../../gen/noticehub/processing/v1/queue_pb";
import { day } from "../../words/time";

/** Who a search may mean, side by side with what was lodged, best first. */
export function Candidates({ detail }: { detail: GetSubmissionDetailResponse }) {
  const { candidates, restrictedCandidates: hidden, submission } = detail;
  const lodged = submission?.content.case === "findMutualClient" ? submission.content.value : undefined;
  const lines: [string, string, (c: MatchCandidate) => string][] = [
    ["Name", lodged?.name ? [lodged.name.familyName, lodged.name.givenName].filter(Boolean).join(", ") : "–", (c) => c.name || "–"],
    ["Date of birth", lodged ? day(lodged.dateOfBirth) : "–", (c) => (c.dateOfBirth ? day(c.dateOfBirth) : "–")],
    ["Score", "–", (c) => c.score.toFixed(2)],
  ];
  return (
    <Stack gap={1}>
      <H2 fontSize="lg" id="candidates">
        Possible matches
      </H2>
      {hidden > 0 && (
        <Text as="p">
          {hidden === 1 ? "One more record fits" : `${hidden} more records fit`}, but access to {hidden === 1 ? "it is" : "them is"} restricted.
        </Text>
      )}
      {candidates.length > 0 && (
        <TableWrapper>
          <Table aria-labelledby="candidates">
            <TableHead>
              <TableRow>
                <TableHeader scope="col">Field</TableHeader>
                <TableHeader scope="col">Lodged</TableHeader>
                {candidates.map((c) => (
                  <TableHeader key={c.crn} scope="col">
                    {c.crn}
                  </TableHeader>
                ))}
              </TableRow>
            </TableHead>
            <TableBody>
              {lines.map(([field, given, of]) => (
                <TableRow key={field}>
                  <TableCell as="th" scope="row">
                    {field}
                  </TableCell>
                  <TableCell>{given}</TableCell>
                  {candidates.map((c) => (
                    <TableCell key={c.crn}>{of(c)}</TableCell>
                  ))}
                </TableRow>
              ))}
              <TableRow>
                <TableCell as="th" scope="row">
                  What each field contributes
                </TableCell>
                <TableCell>–</TableCell>
                {candidates.map((c) => (
                  <TableCell key={c.crn}>
                    <UnorderedList>
                      {c.contributions.map((x) => (
                        <ListItem key={x}>{x}</ListItem>
                      ))}
                    </UnorderedList>
                  </TableCell>
                ))}
              </TableRow>
            </TableBody>
          </Table>
        </TableWrapper>
      )}
    </Stack>
  );
}
