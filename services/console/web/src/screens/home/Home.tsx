import { Column, Columns } from "@ag.ds-next/react/columns";
import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { ScreenTitle } from "../../app/ScreenTitle";
import type { CountQueueResponse } from "../../gen/noticehub/processing/v1/queue_pb";
import { Facts } from "../../parts/Facts";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { mayAct, useSession } from "../../session/session";
import { ago, moment } from "../../words/time";
import { emptyFilters, queuePath } from "../queue/filters";
import { ByAge, ByReason } from "./Counts";
import { MyWork } from "./MyWork";
import { useQueueCount } from "./useQueueCount";

export function Home() {
  const session = useSession();
  const count = useQueueCount();
  return (
    <Stack gap={2}>
      <ScreenTitle name="Home">Home</ScreenTitle>
      {mayAct(session) && <MyWork />}
      {count.isPending && <Loading what="the queue in numbers" />}
      {count.error && !count.data && <Failed error={count.error} onRetry={() => void count.refetch()} what="The queue" />}
      {count.data && <InNumbers counts={count.data} stale={count.error !== null} />}
    </Stack>
  );
}

function InNumbers({ counts, stale }: { counts: CountQueueResponse; stale: boolean }) {
  return (
    <Stack gap={1.5}>
      <Stack gap={1}>
        <H2 fontSize="lg">Team queue</H2>
        {stale && <Text as="p">The hub does not answer now; these are the last numbers it gave.</Text>}
        {counts.open === 0n ? (
          <Text as="p">The queue is empty: no submission waits for an officer.</Text>
        ) : (
          <Facts
            facts={[
              ["Waiting for an officer", <TextLink href={queuePath({ ...emptyFilters, held: true })}>{String(counts.open)}</TextLink>],
              ["Held by officers", String(counts.heldByOfficers)],
              ["Nobody holds", <TextLink href={queuePath({ ...emptyFilters, unassigned: true })}>See them, oldest first</TextLink>],
              ["Set aside until a date", String(counts.onHold)],
              ["Oldest waits for", counts.oldestSince ? `${ago(counts.oldestSince)} (since ${moment(counts.oldestSince)})` : ""],
            ]}
          />
        )}
      </Stack>
      {counts.open > 0n && (
        <Columns>
          <Column columnSpan={{ xs: 12, lg: 6 }}>
            <ByReason counts={counts} />
          </Column>
          <Column columnSpan={{ xs: 12, lg: 6 }}>
            <ByAge counts={counts} />
          </Column>
        </Columns>
      )}
    </Stack>
  );
}
