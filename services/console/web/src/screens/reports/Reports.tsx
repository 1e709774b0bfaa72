import { Button } from "@ag.ds-next/react/button";
import { Checkbox } from "@ag.ds-next/react/checkbox";
import { Details } from "@ag.ds-next/react/details";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useMemo } from "react";
import { navigate, useSearch } from "wouter/use-browser-location";
import { ScreenTitle } from "../../app/ScreenTitle";
import { DeliveryState, type Delivery } from "../../gen/noticehub/advice/v1/report_pb";
import { Announce } from "../../parts/Announce";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { NotOpen } from "../../parts/NotOpen";
import { useSession } from "../../session/session";
import { CutOff } from "./CutOff";
import { DeliveryTable } from "./DeliveryTable";
import { FilterForm } from "./FilterForm";
import { emptyFilters, narrowing, readFilters, reportsPath, type Filters } from "./filters";
import { useDeliveries } from "./useDeliveries";

/** Who sees how reports are delivered; the hub decides, this only spares refusals. */
export const seeDeliveries = ["contact-officer", "supervisor", "auditor", "administrator"];

export function Reports() {
  const { roles } = useSession();
  const search = useSearch();
  const filters = useMemo(() => readFilters(search), [search]);
  const asked = narrowing(filters);
  const go = (f: Filters) => navigate(reportsPath(f));
  if (!roles.some((r) => seeDeliveries.includes(r))) {
    return (
      <Stack gap={1.5}>
        <ScreenTitle name="Daily reports">Daily reports</ScreenTitle>
        <NotOpen to="Contact officers, supervisors, auditors and administrators see them." what="Daily reports are" />
      </Stack>
    );
  }
  return (
    <Stack gap={1.5}>
      <ScreenTitle name="Daily reports">
        <span id="reports-title">Daily reports</span>
      </ScreenTitle>
      <Details label={asked ? `Filters (${asked} in use)` : "Filters"}>
        <FilterForm filters={filters} key={reportsPath({ ...filters, overdueFirst: false })} onShow={(f) => go({ ...f, overdueFirst: filters.overdueFirst })} />
      </Details>
      <List filters={filters} go={go} />
    </Stack>
  );
}

function List({ filters: f, go }: { filters: Filters; go: (f: Filters) => void }) {
  const { deliveries: list, live } = useDeliveries({ from: f.from, to: f.to, authorityId: f.authority, overdue: f.overdue });
  const rows = useMemo(() => ordered(list.data?.deliveries ?? [], f.overdueFirst), [list.data, f.overdueFirst]);
  if (list.isPending) return <Loading what="the daily reports" />;
  if (!list.data) return <Failed error={list.error} onRetry={() => void list.refetch()} what="The list of daily reports" />;
  return (
    <Stack gap={1}>
      <CutOff answer={list.data} onOver={() => void list.refetch()} />
      {list.error && <Text as="p">The hub does not answer now; this is what it said last.</Text>}
      {rows.length === 0 ? (
        <Nothing filters={f} go={go} />
      ) : (
        <>
          <Text as="p">{inWords(rows)}</Text>
          <Checkbox checked={f.overdueFirst} onChange={(e) => go({ ...f, overdueFirst: e.target.checked, overdue: false })} size="sm">
            Overdue first
          </Checkbox>
          <DeliveryTable deliveries={rows} labelledBy="reports-title" />
        </>
      )}
      {list.data.more && <Text as="p">There are more than 2,000: choose an authority or a shorter period to see the rest.</Text>}
      <Text as="p" color="muted">
        {live === "paused" ? "Updates are paused: what is shown may be old." : "What changes shows here at once."}
      </Text>
      <Announce text={`${rows.length} reports`} />
    </Stack>
  );
}

/** Newest day first, as they came; overdue ones above when wanted. */
const ordered = (rows: Delivery[], overdueFirst: boolean) => (overdueFirst ? rows.toSorted((a, b) => Number(b.overdue) - Number(a.overdue)) : rows);

function inWords(rows: Delivery[]): string {
  const n = (test: (d: Delivery) => boolean) => rows.filter(test).length;
  const parts = [
    [n((d) => d.overdue), "overdue"],
    [n((d) => d.state === DeliveryState.SEALED), "not fetched yet"],
    [n((d) => d.state === DeliveryState.DELIVERED), "fetched, not acknowledged"],
    [n((d) => d.state === DeliveryState.ACKNOWLEDGED), "acknowledged"],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
  return `${rows.length} report${rows.length === 1 ? "" : "s"}${told.length ? `: ${told.join(", ")}` : ""}.`;
}

function Nothing({ filters, go }: { filters: Filters; go: (f: Filters) => void }) {
  if (narrowing(filters) === 0) return <Text as="p">There is no report yet: no authority is to have one in the last two weeks.</Text>;
  return (
    <Stack alignItems="flex-start" gap={1}>
      <Text as="p">{filters.overdue ? "No report is overdue." : "There is no report for these filters: nothing is sealed on days that are no business days."}</Text>
      <Button onClick={() => go(emptyFilters)} variant="secondary">
        Clear all filters
      </Button>
    </Stack>
  );
}
