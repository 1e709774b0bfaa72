import { Column, Columns } from "@ag.ds-next/react/columns";
import { Flex } from "@ag.ds-next/react/flex";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import type { CountWorkloadResponse, ItemAgeBand } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { LoadBar } from "../../parts/LoadBar";
import { Part } from "../../parts/Part";
import { Sheet } from "../../parts/Sheet";
import { ago } from "../../words/time";
import { emptyFilters, itemsPath } from "./filters";
import { useWorkload } from "./useItems";

/** Who has how much, and how old it is: what supervisors share work out by. */
export function TeamLoad() {
  const load = useWorkload(true);
  return (
    <Part id="team-load" query={load} title="Team load and age" what="the team load">
      {(data) => (
        <Columns>
          <Column columnSpan={{ xs: 12, lg: 6 }}>
            <Officers data={data} />
          </Column>
          <Column columnSpan={{ xs: 12, lg: 6 }}>
            <Ages data={data} />
          </Column>
        </Columns>
      )}
    </Part>
  );
}

function Officers({ data }: { data: CountWorkloadResponse }) {
  const most = Math.max(1, ...data.officers.map((o) => Number(o.open)));
  if (data.officers.length === 0) return <Text as="p">No open item is assigned to anybody.</Text>;
  return (
    <Sheet
      caption="Open items by officer"
      heads={["Officer", "Open", "Oldest"]}
      rows={data.officers.map((o) => ({
        key: o.officerId,
        cells: [<TextLink href={itemsPath({ ...emptyFilters, assignee: o.officerId })}>{o.officerId}</TextLink>, <Amount key="n" most={most} value={Number(o.open)} />, ago(o.oldestRaisedAt)],
      }))}
    />
  );
}

const bandWords = (a: ItemAgeBand) => (a.toDays ? (a.fromDays === a.toDays ? `${a.fromDays}` : `${a.fromDays} to ${a.toDays}`) : `${a.fromDays} and more`);

function Ages({ data }: { data: CountWorkloadResponse }) {
  const of = (a: ItemAgeBand) => Number(a.assigned + a.unassigned);
  const most = Math.max(1, ...data.ages.map(of));
  return (
    <Stack gap={0.5}>
      <Sheet
        caption="Open items by age"
        heads={["Days", "Open", "Nobody has"]}
        rows={data.ages.map((a) => ({ key: String(a.fromDays), cells: [bandWords(a), <Amount key="n" most={most} part={Number(a.assigned)} value={of(a)} />, String(a.unassigned)] }))}
      />
      <Text color="muted" fontSize="xs">
        The filled part of a bar is assigned to somebody.
      </Text>
    </Stack>
  );
}

const Amount = ({ value, most, part }: { value: number; most: number; part?: number }) => (
  <Flex alignItems="center" gap={0.5}>
    <span>{value}</span>
    <LoadBar most={most} part={part} value={value} />
  </Flex>
);
