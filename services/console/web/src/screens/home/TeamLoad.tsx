import { Flex } from "@ag.ds-next/react/flex";
import { Stack } from "@ag.ds-next/react/stack";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { useEffect } from "react";
import { WorkloadService } from "../../gen/noticehub/processing/v1/workload_pb";
import { usePaused } from "../../live/pause";
import { signOf, useQueueCount } from "../../live/QueueLive";
import { LoadBar } from "../../parts/LoadBar";
import { Part } from "../../parts/Part";
import { ago } from "../../words/time";
import { emptyFilters, queuePath } from "../queue/filters";
import { useThrottled } from "../queue/useThrottled";

/** Who holds how much, for who shares it out: an officer's entries are seen and moved from the queue. */
export function TeamLoad() {
  const load = useQuery(WorkloadService.method.countTeamLoad, {}, { refetchOnMount: "always" });
  const count = useQueueCount();
  const paused = usePaused();
  const sign = useThrottled(signOf(count.data), 1_000);
  const { refetch } = load;
  useEffect(() => {
    if (sign && !paused) void refetch();
  }, [sign, paused, refetch]);
  return (
    <Part id="team-load" query={load} title="Team load" what="the team load">
      {({ officers }) => {
        const most = Math.max(1, ...officers.map((o) => Number(o.held)));
        if (officers.length === 0) return <Text as="p">No officer holds an entry.</Text>;
        return (
          <Stack gap={0.5}>
            <TableWrapper>
              <Table aria-labelledby="team-load">
                <TableHead>
                  <TableRow>
                    {["Officer", "Held", "Assigned", "Set aside", "Oldest"].map((h) => (
                      <TableHeader key={h} scope="col">
                        {h}
                      </TableHeader>
                    ))}
                  </TableRow>
                </TableHead>
                <TableBody>
                  {officers.map((o) => (
                    <TableRow key={o.officerId}>
                      <TableCell as="th" scope="row">
                        <TextLink href={queuePath({ ...emptyFilters, officer: o.officerId, held: true })}>{o.officerId}</TextLink>
                      </TableCell>
                      <TableCell>
                        <Flex alignItems="center" gap={0.5}>
                          <span>{String(o.held)}</span>
                          <LoadBar most={most} part={Number(o.held - o.onHold)} value={Number(o.held)} />
                        </Flex>
                      </TableCell>
                      <TableCell>{String(o.assigned)}</TableCell>
                      <TableCell>{String(o.onHold)}</TableCell>
                      <TableCell>{ago(o.oldestSince)}</TableCell>
                    </TableRow>
                  ))}
                </TableBody>
              </Table>
            </TableWrapper>
            <Text color="muted" fontSize="xs">
              The filled part of a bar is what is not set aside.
            </Text>
          </Stack>
        );
      }}
    </Part>
  );
}
