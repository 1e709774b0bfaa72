import { Box } from "@ag.ds-next/react/box";
import { H2, H3 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { Text } from "@ag.ds-next/react/text";
import type { ReactNode } from "react";
import type { GetSubmissionDetailResponse, MatchCandidate } from "../../gen/noticehub/processing/v1/queue_pb";
import { Facts } from "../../parts/Facts";
import { codeWords } from "../../words/customer";
import { day } from "../../words/time";
import { genderWords } from "../../words/vocabulary";
import { addressOf, nameOf } from "./Lodged";

/** One field of the comparison: what was lodged, what a candidate has, and which contributions belong to it. */
type Field = { name: string; lodged: string; of?: (c: MatchCandidate) => string; from: string[] };

/** Who a search may mean, side by side with what was lodged, best first. */
export function Candidates({ detail }: { detail: GetSubmissionDetailResponse }) {
  const { candidates, restrictedCandidates: hidden, submission } = detail;
  const fields = fieldsOf(submission?.content.case === "findMutualClient" ? submission.content.value : undefined, candidates);
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
        <>
          <Text as="p">Best first. The score adds up what agrees. When in doubt, do not match: a false match tells of a stranger.</Text>
          <Box display={{ xs: "none", md: "block" }}>
            <SideBySide candidates={candidates} fields={fields} />
          </Box>
          <Box display={{ xs: "block", md: "none" }}>
            <Stack gap={1}>
              {candidates.map((c) => (
                <Stack gap={0.5} key={c.crn}>
                  <H3 fontSize="md">{c.crn}</H3>
                  <Facts facts={[["Score", score(c)], ...fields.map((f): [string, ReactNode] => [f.name, <Compared candidate={c} field={f} key={f.name} withLodged />])]} />
                </Stack>
              ))}
            </Stack>
          </Box>
        </>
      )}
    </Stack>
  );
}

function SideBySide({ candidates, fields }: { candidates: MatchCandidate[]; fields: Field[] }) {
  return (
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
          {fields.map((f) => (
            <TableRow key={f.name}>
              <TableCell as="th" scope="row">
                {f.name}
              </TableCell>
              <TableCell>{f.lodged || "–"}</TableCell>
              {candidates.map((c) => (
                <TableCell key={c.crn}>
                  <Compared candidate={c} field={f} />
                </TableCell>
              ))}
            </TableRow>
          ))}
          <TableRow>
            <TableCell as="th" scope="row">
              Score
            </TableCell>
            <TableCell>–</TableCell>
            {candidates.map((c) => (
              <TableCell key={c.crn}>{score(c)}</TableCell>
            ))}
          </TableRow>
        </TableBody>
      </Table>
    </TableWrapper>
  );
}

const score = (c: MatchCandidate) => (c.restricted && c.contributions.length === 0 ? "Not kept" : c.score.toFixed(0));

function Compared({ candidate: c, field: f, withLodged = false }: { candidate: MatchCandidate; field: Field; withLodged?: boolean }) {
  const value = f.of?.(c) ?? "";
  const said = f.from.flatMap((name) => contributionsOf(c).filter(([field]) => field === name));
  if (!value && said.length === 0 && !withLodged) return <>–</>;
  return (
    <Stack alignItems="flex-start" gap={0.25}>
      {value && <Text>{value}</Text>}
      {withLodged && <Text color="muted">Lodged: {f.lodged || "–"}</Text>}
      {said.map(([field, verdict]) => (
        <StatusBadge appearance="subtle" key={field} label={`${f.from.length > 1 ? `${codeWords(field)}: ` : ""}${verdictWords(verdict)}`} tone={toneOf(verdict)} />
      ))}
    </Stack>
  );
}

/** "family_name: exact" is ["family_name", "exact"]. */
const contributionsOf = (c: MatchCandidate) => c.contributions.map((x): [string, string] => [x.split(":")[0] ?? x, x.slice(x.indexOf(":") + 1).trim()]);

const verdictWords = (v: string) => ({ exact: "agrees", differs: "differs", missing: "not stated" })[v] ?? v;
const toneOf = (v: string) => (v === "exact" ? "successLow" : v === "differs" ? "errorLow" : "unknownLow");

type Search = Extract<NonNullable<GetSubmissionDetailResponse["submission"]>["content"], { case: "findMutualClient" }>["value"];

function fieldsOf(s: Search | undefined, candidates: MatchCandidate[]): Field[] {
  const known: Field[] = [
    { name: "Name", lodged: [nameOf(s?.name), ...(s?.aliases ?? []).map(nameOf)].filter(Boolean).join("; "), of: (c) => c.name, from: ["family_name", "given_name"] },
    { name: "Date of birth", lodged: s ? day(s.dateOfBirth) : "", of: (c) => (c.dateOfBirth ? day(c.dateOfBirth) : ""), from: ["date_of_birth"] },
    { name: "CRN", lodged: s?.crn ?? "", of: (c) => c.crn, from: ["crn"] },
    { name: "Gender", lodged: s?.gender ? genderWords[s.gender] : "", from: ["gender"] },
    { name: "Address", lodged: addressOf(s?.address), from: ["address"] },
  ];
  const said = new Set(candidates.flatMap((c) => contributionsOf(c).map(([field]) => field)));
  for (const f of known) for (const name of f.from) said.delete(name);
  const others = [...said].map((name): Field => ({ name: codeWords(name), lodged: "", from: [name] }));
  return [...known.filter((f) => f.of || f.lodged), ...others];
}
