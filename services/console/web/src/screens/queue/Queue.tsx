import { Button } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { Flex } from "@ag.ds-next/react/flex";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useCallback, useMemo, useRef, useState } from "react";
import { navigate, useLocationProperty, useSearch } from "wouter/use-browser-location";
import { ScreenTitle } from "../../app/ScreenTitle";
import type { CountSubmissionsResponse } from "../../gen/noticehub/processing/v1/workload_pb";
import { LiveState } from "../../live/LiveState";
import { Announce } from "../../parts/Announce";
import { Failed } from "../../parts/Failed";
import { Later } from "../../parts/Later";
import { Loading } from "../../parts/Loading";
import { mayAct, useSession } from "../../session/session";
import { ActResult } from "./ActResult";
import { useActing } from "./acting";
import { BatchBar } from "./BatchBar";
import { isDueToday } from "./due";
import { FilterForm } from "./FilterForm";
import { emptyFilters, mostDue, narrowing, queuePath, readFilters, searchOf, type Filters } from "./filters";
import { News, Pages, useTotal } from "./ListParts";
import { Presets } from "./Presets";
import { QueueTable } from "./QueueTable";
import { SavedViews } from "./SavedViews";
import { Shortcuts } from "./Shortcuts";
import { usePage } from "./usePage";
import { useRereadAfter } from "./useRereadAfter";

export function Queue() {
  const session = useSession();
  const search = useSearch();
  const hash = useLocationProperty(() => location.hash);
  const filters = useMemo(() => readFilters(search, hash), [search, hash]);
  const form = useRef<HTMLDetailsElement>(null);
  const go = useCallback((f: Filters) => navigate(queuePath(f)), []);
  const asked = narrowing(filters);
  const toFilters = () => {
    if (!form.current) return;
    form.current.open = true;
    form.current.querySelector("select")?.focus();
  };
  // What stands above the list is the same for all of its pages, and not drawn again
  // for each: it changes with the filters' address alone, which tells all of them.
  const start = queuePath({ ...filters, page: "", before: 0 });
  const above = useMemo(() => {
    const first = { ...filters, page: "", before: 0 };
    return (
      <>
        <Presets filters={first} />
        <SavedViews filters={first} list="queue" />
        <Details label={asked ? `Filters (${asked} in use)` : "Filters"} ref={form}>
          <Later>
            <FilterForm filters={first} key={start} list="queue" onSearch={go} />
          </Later>
        </Details>
      </>
    );
  }, [start, asked, go]);
  return (
    <Stack gap={1.5}>
      <Stack gap={0.5}>
        <ScreenTitle name="Unprocessed queue">
          <span id="queue-title">Unprocessed queue</span>
        </ScreenTitle>
        <Flex alignItems="center" flexWrap="wrap" gap={1} justifyContent="space-between">
          <LiveState />
          <Shortcuts claims={mayAct(session)} onSearch={toFilters} />
        </Flex>
      </Stack>
      {above}
      <ActResult />
      <Entries filters={filters} go={go} key={queuePath(filters)} />
    </Stack>
  );
}

function Entries({ filters, go }: { filters: Filters; go: (f: Filters) => void }) {
  const session = useSession();
  const { acting } = useActing();
  const request = useMemo(() => searchOf(filters, session.person), [filters, session.person]);
  const { page, rows: all, added, put, again } = usePage(request);
  useRereadAfter(acting, again);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [counted, setCounted] = useState<CountSubmissionsResponse>();
  const choose = useCallback((next: (before: ReadonlySet<string>) => ReadonlySet<string>) => {
    setChosen(next);
    setCounted(undefined);
  }, []);
  const clear = () => choose(() => new Set());
  const rows = filters.due ? all.filter((r) => r.own || isDueToday(r.summary)) : all;
  const next = filters.due ? "" : (page.data?.nextPageToken ?? "");
  const total = useTotal(request, filters, rows.length, next);
  if (page.isPending) return <Loading what="the queue" />;
  if (page.error && !page.data) return <Failed error={page.error} onRetry={() => void page.refetch()} what="The queue" />;
  const reload = () => {
    clear();
    if (filters.page) go({ ...filters, page: "", before: 0 });
    else void page.refetch();
  };
  // A row that left the list is not acted on with the others.
  const there = new Set(rows.filter((r) => !r.gone && chosen.has(r.summary.submissionId)).map((r) => r.summary.submissionId));
  return (
    <Stack gap={1}>
      <News added={filters.due ? 0 : added} onLoad={reload} />
      {filters.due && page.data.nextPageToken && <Text as="p">You hold more than {mostDue}: only the oldest {mostDue} were looked through.</Text>}
      {rows.length === 0 ? (
        <Nothing filters={filters} go={go} />
      ) : (
        <QueueTable labelledBy="queue-title" onActed={put} rows={rows} {...(mayAct(session) && { choice: { chosen: there, choose } })} />
      )}
      <BatchBar all={counted} chosen={there} onAll={setCounted} onDone={clear} search={next || filters.page ? request : undefined} />
      <Announce text={page.isFetching ? "" : `${rows.length} entries on this page`} />
      <Pages filters={filters} go={go} label="Pages of the queue" next={next} rows={rows.length} total={total} />
    </Stack>
  );
}

function Nothing({ filters, go }: { filters: Filters; go: (f: Filters) => void }) {
  if (narrowing(filters) === 0) {
    return <Text as="p">{filters.page ? "There is nothing on this page any more." : "The queue is empty: no submission waits for an officer."}</Text>;
  }
  if (filters.due) return <Text as="p">Nothing you hold runs out today.</Text>;
  return (
    <Stack alignItems="flex-start" gap={1}>
      <Text as="p">Nothing in the queue matches these filters.</Text>
      <Button onClick={() => go(emptyFilters)} variant="secondary">
        Clear all filters
      </Button>
    </Stack>
  );
}
