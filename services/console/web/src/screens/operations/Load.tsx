import { Column, Columns } from "@ag.ds-next/react/columns";
import { H3 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useQuery } from "@connectrpc/connect-query";
import { WorkloadService, type AgeBand, type OfficerLoad } from "../../gen/noticehub/processing/v1/workload_pb";
import { watching } from "../../live/pause";
import { Bars } from "../../parts/Bars";
import { Part } from "../../parts/Part";
import { Sheet } from "../../parts/Sheet";
import { ago } from "../../words/time";

const lookEvery = 10_000;
/** How many officers the picture shows; the table has all. */
const drawn = 12;

/** Who holds how much, and how old the open queue is. */
export function Load() {
  const load = useQuery(WorkloadService.method.countTeamLoad, {}, { refetchOnMount: "always", refetchInterval: () => (watching() ? lookEvery : false) });
  return (
    <Part id="load" query={load} title="Team load" what="the team load">
      {({ officers, ages }) => (
        <Columns>
          <Column columnSpan={{ xs: 12, lg: 6 }}>
            <Held officers={officers} />
          </Column>
          <Column columnSpan={{ xs: 12, lg: 6 }}>
            <Ages ages={ages} />
          </Column>
        </Columns>
      )}
    </Part>
  );
}

type Numbered = { headings: string[]; labelledBy: string; rows: string[][] };

const Numbers = ({ headings, labelledBy, rows }: Numbered) => (
  <Sheet heads={headings.map((text, i) => ({ text, right: i > 0 }))} labelledBy={labelledBy} rows={rows.map((cells) => ({ key: cells[0]!, cells }))} />
);

function Held({ officers }: { officers: OfficerLoad[] }) {
  return (
    <Stack gap={0.5}>
      <H3 fontSize="md" id="load-held">What officers hold</H3>
      {officers.length === 0 ? (
        <Text as="p">No officer holds an entry.</Text>
      ) : (
        <>
          <Bars
            bars={officers.slice(0, drawn).map((o) => ({ label: o.officerId, values: [Number(o.held - o.onHold), Number(o.onHold)] }))}
            parts={["At work", "Set aside"]}
            title="Entries by officer"
          />
          <Numbers
            headings={["Officer", "Held", "Set aside", "Assigned", "Oldest"]}
            labelledBy="load-held"
            rows={officers.map((o) => [o.officerId, String(o.held), String(o.onHold), String(o.assigned), ago(o.oldestSince) || "–"])}
          />
        </>
      )}
    </Stack>
  );
}

const bandWords = (b: AgeBand) => (b.toDays === 0 ? `${b.fromDays} days or more` : b.fromDays === 0 ? `Up to ${b.toDays} day${b.toDays === 1 ? "" : "s"}` : `${b.fromDays} to ${b.toDays} days`);

function Ages({ ages }: { ages: AgeBand[] }) {
  return (
    <Stack gap={0.5}>
      <H3 fontSize="md" id="load-ages">How long entries have waited</H3>
      {ages.every((a) => a.held + a.unassigned === 0n) ? (
        <Text as="p">The queue is empty.</Text>
      ) : (
        <>
          <Bars
            bars={ages.map((a) => ({ label: bandWords(a), values: [Number(a.held), Number(a.unassigned)] }))}
            parts={["Held", "Nobody holds"]}
            title="Open entries by age"
          />
          <Numbers headings={["Age", "Held", "Nobody holds"]} labelledBy="load-ages" rows={ages.map((a) => [bandWords(a), String(a.held), String(a.unassigned)])} />
        </>
      )}
    </Stack>
  );
}
