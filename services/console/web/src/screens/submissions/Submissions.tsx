import { Button } from "@ag.ds-next/react/button";
import { Flex } from "@ag.ds-next/react/flex";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useCallback, useMemo, useRef } from "react";
import { navigate, useLocationProperty, useSearch } from "wouter/use-browser-location";
import { customerPath } from "../../app/routes";
import { ScreenTitle } from "../../app/ScreenTitle";
import { seesQueue } from "../../app/screens";
import { LiveState } from "../../live/LiveState";
import { Announce } from "../../parts/Announce";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { NotOpen } from "../../parts/NotOpen";
import { mayAct, useSession } from "../../session/session";
import { FilterForm } from "../queue/FilterForm";
import { narrowing, noFilters, pathOf, readFilters, searchOf, type Filters } from "../queue/filters";
import { News, Pages, useTotal } from "../queue/ListParts";
import { SavedViews } from "../queue/SavedViews";
import { Shortcuts } from "../queue/Shortcuts";
import { usePage } from "../queue/usePage";
import { ExportButton } from "./ExportButton";
import { SubmissionsTable } from "./SubmissionsTable";

/** All submissions, whatever became of them: what an authority lodged, or what there is about one customer. */
export function Submissions() {
  const session = useSession();
  const search = useSearch();
  const hash = useLocationProperty(() => location.hash);
  const filters = useMemo(() => readFilters(search, hash, "submissions"), [search, hash]);
  const form = useRef<HTMLDivElement>(null);
  const go = useCallback((f: Filters) => navigate(pathOf("submissions", f)), []);
  const path = pathOf("submissions", filters);
  const title = (
    <ScreenTitle name="Submissions">
      <span id="submissions-title">{filters.crn ? `Submissions about ${filters.crn}` : "Submissions"}</span>
    </ScreenTitle>
  );
  if (!seesQueue(session)) {
    return (
      <Stack gap={1.5}>
        {title}
        <NotOpen to="Contact officers, supervisors, Restricted Access officers and auditors see them." what="Submissions are" />
      </Stack>
    );
  }
  return (
    <Stack gap={1.5}>
      <Stack gap={0.5}>
        {title}
        <Flex alignItems="center" flexWrap="wrap" gap={1} justifyContent="space-between">
          <LiveState />
          <Shortcuts claims={false} onSearch={() => form.current?.querySelector("select")?.focus()} />
        </Flex>
      </Stack>
      <SavedViews filters={filters} list="submissions" />
      <div ref={form}>
        <FilterForm filters={filters} key={path} list="submissions" onSearch={go} />
      </div>
      {filters.crn && (
        <Text as="p">
          <TextLink href={customerPath(filters.crn)}>Go to the customer’s record</TextLink>
        </Text>
      )}
      <Found filters={filters} go={go} key={path} />
    </Stack>
  );
}

function Found({ filters, go }: { filters: Filters; go: (f: Filters) => void }) {
  const session = useSession();
  const request = useMemo(() => searchOf(filters, session.person, "submissions"), [filters, session.person]);
  const { page, rows, added } = usePage(request);
  const next = page.data?.nextPageToken ?? "";
  const total = useTotal(request, filters, rows.length, next);
  if (page.isPending) return <Loading what="the submissions" />;
  if (page.error && !page.data) return <Failed error={page.error} onRetry={() => void page.refetch()} what="The list of submissions" />;
  const reload = () => {
    if (filters.page) go({ ...filters, page: "", before: 0 });
    else void page.refetch();
  };
  if (rows.length === 0) {
    return (
      <Stack alignItems="flex-start" gap={1}>
        <News added={added} onLoad={reload} />
        <Text as="p">{narrowing(filters) ? "No submission matches these filters." : "Nothing was lodged yet."}</Text>
        {narrowing(filters) > 0 && (
          <Button onClick={() => go(noFilters("submissions"))} variant="secondary">
            Clear all filters
          </Button>
        )}
      </Stack>
    );
  }
  return (
    <Stack gap={1}>
      <News added={added} onLoad={reload} />
      {mayAct(session) && <ExportButton search={request} />}
      <SubmissionsTable labelledBy="submissions-title" rows={rows} />
      <Announce text={page.isFetching ? "" : `${rows.length} submissions on this page`} />
      <Pages filters={filters} go={go} label="Pages of submissions" next={next} rows={rows.length} total={total} />
    </Stack>
  );
}
