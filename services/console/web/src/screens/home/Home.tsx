import { Column, Columns } from "@ag.ds-next/react/columns";
import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { routes } from "../../app/routes";
import { ScreenTitle } from "../../app/ScreenTitle";
import { isOfficer, mayOpen, seesQueue } from "../../app/screens";
import type { CountQueueResponse } from "../../gen/noticehub/processing/v1/queue_pb";
import { LiveState } from "../../live/LiveState";
import { useQueueCount } from "../../live/QueueLive";
import { Facts } from "../../parts/Facts";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { mayAct, useSession } from "../../session/session";
import { ago, moment } from "../../words/time";
import { emptyFilters, queuePath } from "../queue/filters";
import { presets } from "../queue/Presets";
import { ByAge, ByReason } from "./Counts";
import { MyItems } from "./MyItems";
import { MyWork } from "./MyWork";
import { Reports } from "./Reports";
import { TeamLoad } from "./TeamLoad";

/** What an officer begins the day with. Every part loads, and fails, by itself. */
export function Home() {
  const session = useSession();
  const queue = seesQueue(session);
  return (
    <Stack gap={2}>
      <Stack gap={0.5}>
        <ScreenTitle name="Home">Home</ScreenTitle>
        {queue && <LiveState />}
      </Stack>
      {mayAct(session) && <MyWork />}
      {isOfficer(session) && <MyItems />}
      {mayOpen(session, routes.reports) && <Reports />}
      {queue ? <TeamQueue /> : <Text as="p">The queue is not open to your role: contact officers, supervisors, Restricted Access officers and auditors see it.</Text>}
      {session.roles.includes("supervisor") && <TeamLoad />}
    </Stack>
  );
}

function TeamQueue() {
  const count = useQueueCount();
  return (
    <>
      {count.isPending && <Loading what="the queue in numbers" />}
      {count.error && !count.data && <Failed error={count.error} onRetry={() => void count.refetch()} what="The queue" />}
      {count.data && <InNumbers counts={count.data} stale={count.error !== null} />}
    </>
  );
}

/** Age groups of the contract that are old: their sum is what a list of the same age has. */
const old = ["10-29", "30+"];
const oldDays = 10;

function InNumbers({ counts, stale }: { counts: CountQueueResponse; stale: boolean }) {
  const late = counts.counts.filter((c) => c.dimension === "age_days" && old.includes(c.value)).reduce((sum, c) => sum + c.count, 0n);
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
              [
                `Overdue: ${oldDays} days and older`,
                late > 0n ? <TextLink href={queuePath({ ...emptyFilters, held: true, age: oldDays })}>{String(late)}</TextLink> : "None",
              ],
              ["Held by officers", String(counts.heldByOfficers)],
              ["Nobody holds", <TextLink href={queuePath(presets.unassigned)}>See them, oldest first</TextLink>],
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
