import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useMemo } from "react";
import { navigate, useLocationProperty, useSearch } from "wouter/use-browser-location";
import { ScreenTitle } from "../../app/ScreenTitle";
import { Announce } from "../../parts/Announce";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { FilterForm } from "./FilterForm";
import { emptyFilters, narrowing, queuePath, readFilters, searchOf, type Filters } from "./filters";
import { Presets } from "./Presets";
import { QueueTable } from "./QueueTable";
import { mostNew, usePage } from "./usePage";

export function Queue() {
  const search = useSearch();
  const hash = useLocationProperty(() => location.hash);
  const filters = useMemo(() => readFilters(search, hash), [search, hash]);
  const go = (f: Filters) => navigate(queuePath(f));
  const asked = narrowing(filters);
  return (
    <Stack gap={1.5}>
      <ScreenTitle name="Unprocessed queue">
        <span id="queue-title">Unprocessed queue</span>
      </ScreenTitle>
      <Presets filters={filters} />
      <Details label={asked ? `Filters (${asked} in use)` : "Filters"}>
        <FilterForm filters={filters} key={queuePath(filters)} onSearch={go} />
      </Details>
      <List filters={filters} go={go} key={queuePath(filters)} />
    </Stack>
  );
}

function List({ filters, go }: { filters: Filters; go: (f: Filters) => void }) {
  const request = useMemo(() => searchOf(filters), [filters]);
  const { page, rows, added } = usePage(request);
  if (page.isPending) return <Loading what="the queue" />;
  if (page.error) return <Failed error={page.error} onRetry={() => void page.refetch()} what="The queue" />;
  const next = page.data.nextPageToken;
  const reload = () => (filters.page ? go({ ...filters, page: "" }) : void page.refetch());
  return (
    <Stack gap={1}>
      <News added={added} onLoad={reload} />
      {rows.length === 0 ? <Nothing filters={filters} go={go} /> : <QueueTable labelledBy="queue-title" rows={rows} />}
      <Announce text={page.isFetching ? "" : `${rows.length} entries on this page`} />
      {(filters.page || next) && (
        <nav aria-label="Pages of the queue">
          <ButtonGroup>
            {filters.page && (
              <Button onClick={() => go({ ...filters, page: "" })} variant="secondary">
                First page
              </Button>
            )}
            {next && (
              <Button onClick={() => go({ ...filters, page: next })} variant="secondary">
                Next page
              </Button>
            )}
          </ButtonGroup>
        </nav>
      )}
    </Stack>
  );
}

/** Tells of news without moving a row. */
function News({ added, onLoad }: { added: number; onLoad: () => void }) {
  return (
    <div aria-live="polite">
      {added > 0 && (
        <SectionAlert title={`${added >= mostNew ? `${mostNew} or more` : added} new`} tone="infoMedium">
          <Stack alignItems="flex-start" gap={0.5}>
            <Text as="p">The list below holds still until you load it again.</Text>
            <Button onClick={onLoad} size="sm" variant="secondary">
              Load the list again
            </Button>
          </Stack>
        </SectionAlert>
      )}
    </div>
  );
}

function Nothing({ filters, go }: { filters: Filters; go: (f: Filters) => void }) {
  if (narrowing(filters) === 0) {
    return <Text as="p">{filters.page ? "There is nothing on this page any more." : "The queue is empty: no submission waits for an officer."}</Text>;
  }
  return (
    <Stack alignItems="flex-start" gap={1}>
      <Text as="p">Nothing in the queue matches these filters.</Text>
      <Button onClick={() => go(emptyFilters)} variant="secondary">
        Clear all filters
      </Button>
    </Stack>
  );
}
