import { Box } from "@ag.ds-next/react/box";
import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import type { CountQueueResponse } from "../../gen/noticehub/processing/v1/queue_pb";
import { reasons } from "../../words/terms";
import { reasonWords } from "../../words/vocabulary";
import { emptyFilters, queuePath, type Filters } from "../queue/filters";

type Line = { key: string; label: string; count: bigint; filters?: Partial<Filters> };

/** Age groups of the contract, by whole days since an entry became unprocessed. */
const ages: { value: string; label: string }[] = [
  { value: "0-1", label: "Up to 1 day" },
  { value: "2-4", label: "2 to 4 days" },
  { value: "5-9", label: "5 to 9 days" },
  { value: "10-29", label: "10 to 29 days" },
  { value: "30+", label: "30 days and more" },
];

export function ByReason({ counts }: { counts: CountQueueResponse }) {
  const lines = counts.counts
    .filter((c) => c.dimension === "reason" && c.count > 0n)
    .sort((a, b) => Number(b.count - a.count))
    .map((c): Line => {
      const reason = reasons.parse(c.value);
      return { key: c.value, label: reason ? reasonWords[reason] : c.value, count: c.count, ...(reason && { filters: { reason } }) };
    });
  return <Lines caption="By reason" hint="An entry with several reasons counts under each." lines={lines} />;
}

export function ByAge({ counts }: { counts: CountQueueResponse }) {
  const of = new Map(counts.counts.filter((c) => c.dimension === "age_days").map((c) => [c.value, c.count]));
  const lines = ages.map((a): Line => ({ key: a.value, label: a.label, count: of.get(a.value) ?? 0n }));
  return <Lines caption="By age" hint="Time since an officer has been needed." lines={lines} />;
}

function Lines({ caption, hint, lines }: { caption: string; hint: string; lines: Line[] }) {
  const id = `counts-${caption.replaceAll(" ", "-").toLowerCase()}`;
  return (
    <Stack gap={0.5}>
      <H2 fontSize="lg" id={id}>
        {caption}
      </H2>
      <Text color="muted">{hint}</Text>
      <TableWrapper>
        <Table aria-labelledby={id}>
          <TableHead>
            <TableRow>
              <TableHeader scope="col">{caption.replace("By ", "").replace(/^./, (c) => c.toUpperCase())}</TableHeader>
              <TableHeader scope="col" textAlign="right">
                Entries
              </TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {lines.map((l) => (
              <TableRow key={l.key}>
                <TableCell>
                  {l.filters ? <TextLink href={queuePath({ ...emptyFilters, held: true, ...l.filters })}>{l.label}</TextLink> : <Box>{l.label}</Box>}
                </TableCell>
                <TableCell textAlign="right">{String(l.count)}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </TableWrapper>
    </Stack>
  );
}
