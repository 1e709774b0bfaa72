import { Button } from "@ag.ds-next/react/button";
import { Flex } from "@ag.ds-next/react/flex";
import { H2, H3 } from "@ag.ds-next/react/heading";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Select } from "@ag.ds-next/react/select";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { navigate, useSearch } from "wouter/use-browser-location";
import { routes } from "../../app/routes";
import { OperationsService, ParkedState, type GetHealthResponse, type ListParkedResponse, type RedriveParkedResponse } from "../../gen/noticehub/operations/v1/operations_pb";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { Pager } from "../../parts/Pager";
import { useTold } from "../../parts/useTold";
import { useSession } from "../../session/session";
import { parkedWords, redrivenWords, serviceWords } from "../../words/operations";
import { Causes, Events } from "./ParkedTables";
import { Redrive, type Wanted } from "./Redrive";
import { redrives } from "./roles";

const states = { retrying: ParkedState.RETRYING, waiting: ParkedState.WAITING, quarantined: ParkedState.QUARANTINED } as const;
type StateName = keyof typeof states;

type Numbers = { all: bigint; stay: bigint } | undefined;

/** How many are parked, and how many of these for a person, by the health, which is asked all the time: when it changes, the list is not what it was. */
function parkedIn(h: GetHealthResponse | undefined): Numbers {
  if (!h) return;
  let [all, stay] = [0n, 0n];
  for (const c of h.services.flatMap((s) => s.consumers)) {
    all += c.retrying + c.waiting + c.quarantined;
    stay += c.quarantined;
  }
  return { all, stay };
}

/** Events that failed for technical reasons, why, and driving them again. */
export function Parked({ health }: { health: GetHealthResponse | undefined }) {
  const q = new URLSearchParams(useSearch());
  const service = (q.get("service") ?? "").slice(0, 40);
  const state = (Object.keys(states) as StateName[]).find((s) => s === q.get("state"));
  const go = (change: { service?: string; state?: string }) => {
    const next = new URLSearchParams();
    for (const [name, value] of Object.entries({ service, state, ...change })) if (value) next.set(name, value);
    navigate(routes.operations + (next.size ? `?${next}` : ""), { replace: true });
  };
  const known = health?.services.map((s) => s.service) ?? [];
  return (
    <section aria-labelledby="parked">
      <Stack gap={1}>
        <H2 fontSize="lg" id="parked">
          Technical failures
        </H2>
        <Flex flexWrap="wrap" gap={1}>
          <Select
            hideOptionalLabel
            label="Service"
            onChange={(e) => go({ service: e.target.value })}
            options={[{ value: "", label: "Any" }, ...[...new Set([...known, ...(service ? [service] : [])])].map((s) => ({ value: s, label: serviceWords(s) }))]}
            value={service}
          />
          <Select
            hideOptionalLabel
            label="State"
            onChange={(e) => go({ state: e.target.value })}
            options={[{ value: "", label: "Any" }, ...(Object.keys(states) as StateName[]).map((s) => ({ value: s, label: parkedWords[states[s]] }))]}
            value={state ?? ""}
          />
        </Flex>
        <List key={`${service}/${state}`} narrowed={Boolean(service || state)} now={parkedIn(health)} service={service} state={state ? states[state] : ParkedState.UNSPECIFIED} />
      </Stack>
    </section>
  );
}

type ListProps = { service: string; state: ParkedState; now: Numbers; narrowed: boolean };

function List({ service, state, now, narrowed }: ListProps) {
  const session = useSession();
  const [token, setToken] = useState("");
  const [first, setFirst] = useState<ListParkedResponse>();
  const [wanted, setWanted] = useState<Wanted>();
  const [result, setResult] = useState<RedriveParkedResponse>();
  const told = useTold(result);
  const [then, setThen] = useState<{ at: number; now: NonNullable<Numbers> }>();
  const list = useQuery(OperationsService.method.listParked, { service, state, pageToken: token }, { refetchOnMount: "always" });
  // The causes come with the first page only, and stand above every page.
  if (list.data && !token && list.data !== first) setFirst(list.data);
  if (list.dataUpdatedAt && now && then?.at !== list.dataUpdatedAt) setThen({ at: list.dataUpdatedAt, now });
  const reload = async () => {
    setThen(undefined);
    setToken("");
    await list.refetch();
  };
  const may = redrives(session);
  return (
    <Stack gap={1}>
      <div aria-live="polite">
        {then && now && (then.now.all !== now.all || then.now.stay !== now.stay) && (
          <SectionAlert title={now.all > then.now.all ? "More events failed since" : now.all < then.now.all ? "Fewer events are parked than before" : "What is parked changed"} tone="infoMedium">
            <Stack alignItems="flex-start" gap={0.5}>
              <Text as="p">The lists below hold still until you load them again.</Text>
              <Button onClick={() => void reload()} size="sm" variant="secondary">
                Load the failures again
              </Button>
            </Stack>
          </SectionAlert>
        )}
      </div>
      {result && (
        <SectionAlert
          focusOnUpdate={told}
          onClose={() => setResult(undefined)}
          role="status"
          tabIndex={-1}
          title={redrivenWords(result)}
          tone={result.unresolved > 0n ? "warning" : result.resolved > 0n ? "success" : "infoMedium"}
        >
          {result.error && <Text as="p">Why: {result.error.message}</Text>}
        </SectionAlert>
      )}
      {list.isPending && <Loading what="technical failures" />}
      {list.error && <Failed error={list.error} onRetry={() => void list.refetch()} what="The list of technical failures" />}
      {list.data && list.data.events.length === 0 && !token && (
        <Text as="p">{narrowed ? "Nothing that failed matches these filters." : "Nothing is parked: every event was processed."}</Text>
      )}
      {list.data && list.data.events.length > 0 && (
        <>
          {first && first.causes.length > 0 && (
            <>
              <H3 fontSize="md" id="causes">By cause</H3>
              <Causes causes={first.causes} onRedrive={may ? setWanted : undefined} />
            </>
          )}
          <H3 fontSize="md" id="parked-events">One by one, oldest first</H3>
          <Events events={list.data.events} onRedrive={may ? setWanted : undefined} />
        </>
      )}
      {list.data && <Pager first={!token} label="Pages of failures" next={list.data.nextPageToken} onFirst={() => setToken("")} onNext={setToken} />}
      {!may && <Text as="p">Supervisors and administrators can drive them again.</Text>}
      {wanted && (
        <Redrive
          onClose={() => setWanted(undefined)}
          onDone={(r) => {
            setWanted(undefined);
            setResult(r);
            void reload();
          }}
          wanted={wanted}
        />
      )}
    </Stack>
  );
}
