import { Details } from "@ag.ds-next/react/details";
import { H2, H3 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { Text } from "@ag.ds-next/react/text";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { DecisionTrace, RuleVerdict } from "../../gen/noticehub/processing/v1/queue_pb";
import { Facts } from "../../parts/Facts";
import { TraceId } from "../../parts/TraceId";
import { codeWords } from "../../words/customer";
import { moment } from "../../words/time";
import { outcomeWords, reasonWords } from "../../words/vocabulary";
import { partsOf } from "./verdict";

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
  const count = (name: string) => d.verdicts.filter((v) => partsOf(v).result === name).length;
  const sums = [`${count("passed")} passed`, `${count("failed")} failed`, `${count("unknown") + count("not-evaluated")} not known or not evaluated`];
  const facts = factsOf(d.facts);
  return (
    <Stack gap={0.5}>
      <H3 fontSize="md" id={`decision-${d.number}`}>
        Decision {d.number}: {result || "no result"}
      </H3>
      <Text as="p" color="muted">
        {moment(d.decidedAt)}, {d.policyVersion ? `policy ${d.policyVersion}` : "no policy was applied"}
        {d.verdicts.length > 0 && `. Of ${d.verdicts.length} rules ${sums.join(", ")}`}
      </Text>
      {d.verdicts.length === 0 ? (
        <Text as="p">No rule has spoken: processing failed before, for technical reasons.</Text>
      ) : (
        <TableWrapper>
          <Table aria-labelledby={`decision-${d.number}`}>
            <TableHead>
              <TableRow>
                <TableHeader scope="col">Rule</TableHeader>
                <TableHeader scope="col">What it saw</TableHeader>
                <TableHeader scope="col">Result</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {d.verdicts.map((v) => (
                <Rule all={d.verdicts} key={v.rule} verdict={v} />
              ))}
            </TableBody>
          </Table>
        </TableWrapper>
      )}
      {facts.length > 0 && (
        <Details label={`The facts decision ${d.number} was made on`}>
          <Stack gap={0.5}>
            <Text as="p" color="muted">
              What is not listed was no, none or zero.
            </Text>
            <Facts facts={facts} />
          </Stack>
        </Details>
      )}
      <TraceId id={d.traceId} of={`decision ${d.number}`} />
    </Stack>
  );
}

function Rule({ all, verdict: v }: { all: RuleVerdict[]; verdict: RuleVerdict }) {
  const { rule, saw, result } = partsOf(v, all);
  return (
    <TableRow>
      <TableCell as="th" scope="row">
        {rule}
      </TableCell>
      <TableCell>{saw || "–"}</TableCell>
      <TableCell>
        {result === "passed" && <StatusBadge label="Passed" tone="successLow" />}
        {result === "failed" && <StatusBadge label={v.reason ? `Failed: ${reasonWords[v.reason]}` : "Failed"} tone="errorMedium" />}
        {result === "unknown" && <StatusBadge label={v.reason ? `Not known: ${reasonWords[v.reason]}` : "Not known"} tone="warningMedium" />}
        {result === "not-evaluated" && <StatusBadge label="Not evaluated" tone="unknownLow" />}
      </TableCell>
    </TableRow>
  );
}

/** "Customer: found" with "yes", of {"customer": {"found": true}}. */
function factsOf(facts: JsonObject | undefined, under = ""): [string, string][] {
  return Object.entries(facts ?? {}).flatMap(([name, value]): [string, string][] => {
    const term = under ? `${under}: ${name.replaceAll("_", " ")}` : codeWords(name);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? factsOf(value, term) : [[term, valueWords(value)]];
  });
}

function valueWords(v: JsonValue): string {
  if (Array.isArray(v)) return v.map(valueWords).join(", ") || "none";
  return typeof v === "boolean" ? (v ? "yes" : "no") : String(v);
}
