import { Button } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { Stack } from "@ag.ds-next/react/stack";
import { SubNav } from "@ag.ds-next/react/sub-nav";
import { Text } from "@ag.ds-next/react/text";
import { useMemo } from "react";
import { navigate, useLocationProperty, useSearch } from "wouter/use-browser-location";
import { ScreenTitle } from "../../app/ScreenTitle";
import { Group, State, type ItemTotal } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { Announce } from "../../parts/Announce";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { NotOpen } from "../../parts/NotOpen";
import { Pager } from "../../parts/Pager";
import { useSession } from "../../session/session";
import { News } from "../queue/ListParts";
import { Counts } from "./Counts";
import { FilterForm } from "./FilterForm";
import { emptyFilters, itemsPath, narrowing, readFilters, type Filters } from "./filters";
import { ItemsTable } from "./ItemsTable";
import { isOfficer, isRestrictedOfficer, isSupervisor, seesWork } from "./may";
import { TeamLoad } from "./TeamLoad";
import { useCatalogue, useItems } from "./useItems";

export function WorkItems() {
  const session = useSession();
  const search = useSearch();
  const hash = useLocationProperty(() => location.hash);
  const filters = useMemo(() => readFilters(search, hash), [search, hash]);
  const asked = narrowing(filters);
  return (
    <Stack gap={1.5}>
      <ScreenTitle name="Work items">
        <span id="items-title">Work items</span>
      </ScreenTitle>
      {seesWork(session) ? (
        <>
          <Lists filters={filters} />
          <Details label={asked ? `Filters (${asked} in use)` : "Filters"}>
            <FilterForm filters={filters} key={itemsPath(filters)} onSearch={(f) => navigate(itemsPath(f))} />
          </Details>
          <List filters={filters} key={itemsPath(filters)} />
        </>
      ) : (
        <NotOpen to="Officers and auditors see work items." what="Work items are" />
      )}
    </Stack>
  );
}

/** The lists that officers open most; those of a role's own codes for that role. */
function Lists({ filters }: { filters: Filters }) {
  const session = useSession();
  const links = [
    { label: "All, oldest first", href: itemsPath(emptyFilters) },
    ...(isOfficer(session) ? [{ label: "Mine", href: itemsPath({ ...emptyFilters, mine: true }) }] : []),
    { label: "Nobody has", href: itemsPath({ ...emptyFilters, unassigned: true }) },
    ...(session.roles.includes("contact-officer") ? [{ label: "Contact officers’", href: itemsPath({ ...emptyFilters, group: Group.CHILD_PROTECTION_IMCO }) }] : []),
    ...(session.roles.includes("impact-officer") ? [{ label: "IMPACT team’s", href: itemsPath({ ...emptyFilters, group: Group.IMPACT }) }] : []),
  ];
  return <SubNav activePath={itemsPath({ ...filters, page: "" })} aria-label="Lists of work items" id="item-lists" links={links} />;
}

function List({ filters: f }: { filters: Filters }) {
  const session = useSession();
  const catalogue = useCatalogue().data?.entries ?? [];
  const { page, rows, counts, added } = useItems(f, catalogue);
  const go = (to: Filters) => navigate(itemsPath(to));
  const reload = () => (f.page ? go({ ...f, page: "" }) : void page.refetch());
  return (
    <Stack gap={2}>
      <Stack gap={1}>
        {page.isPending && <Loading what="the work items" />}
        {page.error && <Failed error={page.error} onRetry={() => void page.refetch()} what="The list" />}
        {page.data && (
          <>
            <News added={added} onLoad={reload} />
            {page.data.total && page.data.total.items > 0n && (
              <Text as="p">
                {totalWords(page.data.total)} {f.state === State.CLOSED ? "completed or closed " : f.state ? "" : "open "}
                {page.data.total.items === 1n ? "item" : "items"} in this list.
                {!isRestrictedOfficer(session) && (f.code || f.group || f.measure) ? " Items of restricted records are not part of it." : ""}
              </Text>
            )}
            {rows.length === 0 ? <Nothing filters={f} onClear={() => go(emptyFilters)} /> : <ItemsTable labelledBy="items-title" rows={rows} />}
            <Announce text={page.isFetching ? "" : `${rows.length} work items on this page`} />
            <Pager first={!f.page} label="Pages of work items" next={page.data.nextPageToken} onFirst={() => go({ ...f, page: "" })} onNext={(t) => go({ ...f, page: t })} />
          </>
        )}
      </Stack>
      {counts && !f.mine && <Counts catalogue={catalogue} counts={counts} office={f.office} />}
      {isSupervisor(session) && !f.mine && <TeamLoad />}
    </Stack>
  );
}

const totalWords = (t: ItemTotal) => t.items.toLocaleString("en-AU") + (t.more ? " or more" : "");

function Nothing({ filters: f, onClear }: { filters: Filters; onClear: () => void }) {
  if (f.page) return <Text as="p">There is nothing on this page any more.</Text>;
  if (f.mine) return <Text as="p">No open work item is yours.</Text>;
  if (narrowing(f) === 0) return <Text as="p">There is no open work item.</Text>;
  return (
    <Stack alignItems="flex-start" gap={1}>
      <Text as="p">No work item matches these filters.</Text>
      <Button onClick={onClear} variant="secondary">
        Clear all filters
      </Button>
    </Stack>
  );
}
