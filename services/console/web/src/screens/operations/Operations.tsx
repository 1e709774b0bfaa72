import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { ScreenTitle } from "../../app/ScreenTitle";
import { seesQueue } from "../../app/screens";
import { OperationsService } from "../../gen/noticehub/operations/v1/operations_pb";
import { useQueueCount } from "../../live/QueueLive";
import { watching } from "../../live/pause";
import { NotOpen } from "../../parts/NotOpen";
import { Part } from "../../parts/Part";
import { useSession } from "../../session/session";
import { ago, moment } from "../../words/time";
import { emptyFilters, queuePath } from "../queue/filters";
import { Load } from "./Load";
import { Parked } from "./Parked";
import { seesHealth, seesLoad, seesParked } from "./roles";
import { Services } from "./Services";
import { Stuck } from "./Stuck";
import { useRates } from "./useRates";

/** Numbers that name nobody: asking leaves no entry in the audit log. */
const askEvery = 1_000;

export function Operations() {
  const session = useSession();
  return (
    <Stack gap={2}>
      <ScreenTitle name="Operations">Operations</ScreenTitle>
      {seesHealth(session) ? <Parts /> : <NotOpen to="Supervisors, administrators, contact officers and auditors see how the hub does." what="Operations are" />}
    </Stack>
  );
}

/** Each part loads and fails by itself. */
function Parts() {
  const session = useSession();
  const health = useQuery(
    OperationsService.method.getHealth,
    {},
    { refetchOnMount: "always", refetchInterval: () => (watching() ? askEvery : false), retry: false },
  );
  const rates = useRates(health.data, health.dataUpdatedAt);
  return (
    <>
      <Part id="health" query={health} title="Services" what="the services’ health">
        {(data) => <Services health={data} labelledBy="health" rates={rates} />}
      </Part>
      <Stuck />
      {seesParked(session) ? (
        <Parked health={health.data} />
      ) : (
        <Stack gap={1}>
          <H2 fontSize="lg">Technical failures</H2>
          <Text as="p">Supervisors, administrators and auditors see which events failed. Supervisors and administrators drive them again.</Text>
        </Stack>
      )}
      {seesQueue(session) && <Oldest />}
      {seesLoad(session) && <Load />}
    </>
  );
}

function Oldest() {
  const count = useQueueCount();
  return (
    <Part id="oldest" query={count} title="Waiting for officers" what="the queue in numbers">
      {(c) =>
        c.open === 0n ? (
          <Text as="p">The queue is empty: no submission waits for an officer.</Text>
        ) : (
          <Text as="p">
            <TextLink href={queuePath({ ...emptyFilters, held: true })}>{`${c.open} ${c.open === 1n ? "submission waits" : "submissions wait"} for an officer`}</TextLink>
            {c.oldestSince && `, the oldest for ${ago(c.oldestSince)} (since ${moment(c.oldestSince)})`}. Officers hold {String(c.heldByOfficers)}; {String(c.onHold)} are set
            aside until a date.
          </Text>
        )
      }
    </Part>
  );
}
