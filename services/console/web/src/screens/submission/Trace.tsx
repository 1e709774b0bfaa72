import { Details } from "@ag.ds-next/react/details";
import { H2, H3 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { Text } from "@ag.ds-next/react/text";
import type { DecisionTrace, RuleVerdict } from "../../gen/noticehub/processing/v1/queue_pb";
import { moment } from "../../words/time";
import { outcomeWords, reasonWords } from "../../words/vocabulary";

/** How automatic processing decided: each rule, what it saw, whether it held. */
export function Trace({ decisions }: { decisions: DecisionTrace[] }) {
  if (decisions.length === 0) return null;
  return (
    <Stack gap={1}>
      <H2 fontSize="lg">How it was decided</H2>
      {decisions.toReversed().map((d, i) =>
        i === 0 ? (
          <Decision decision={d} key={d.number} />
        ) : (
          <Details key={d.number} label={`Decision ${d.number}, ${moment(d.decidedAt)}`}>
            <Decision decision={d} />
          </Details>
        ),
      )}
    </Stack>
  );
}

function Decision({ decision: d }: { decision: DecisionTrace }) {
  const result = d.outcome ? outcomeWords[d.outcome] : d.reasons.map((r) => reasonWords[r]).join(", ");
  return (
    <Stack gap={0.5}>
      <H3 fontSize="md" id={`decision-${d.number}`}>
        Decision {d.number}: {result || "no result"}
      </H3>
      <Text as="p" color="muted">
        {moment(d.decidedAt)}, {d.policyVersion ? `policy ${d.policyVersion}` : "no policy was applied"}
      </Text>
      {d.verdicts.length === 0 ? (
        <Text as="p">No rule has spoken: processing failed before, for technical reasons.</Text>
      ) : (
        <TableWrapper>
          <Table aria-labelledby={`decision-${d.number}`}>
            <TableHead>
              <TableRow>
                <TableHeader scope="col">Rule</TableHeader>
                <TableHeader scope="col">Result</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {d.verdicts.map((v) => (
                <TableRow key={v.rule}>
                  <TableCell as="th" scope="row">
                    {v.text || v.rule}
                  </TableCell>
                  <TableCell>
                    <Verdict verdict={v} />
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </TableWrapper>
      )}
    </Stack>
  );
}

function Verdict({ verdict: v }: { verdict: RuleVerdict }) {
  if (v.passed) return <StatusBadge label="Passed" tone="successLow" />;
  if (v.notEvaluated) return <StatusBadge label="Not evaluated" tone="unknownLow" />;
  return <StatusBadge label={v.reason ? `Failed: ${reasonWords[v.reason]}` : "Failed"} tone="errorMedium" />;
}
