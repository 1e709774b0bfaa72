import { Button } from "@ag.ds-next/react/button";
import { Flex } from "@ag.ds-next/react/flex";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { routes } from "../../app/routes";
import { Screen, ViewService, type View } from "../../gen/noticehub/console/v1/view_pb";
import { useSession } from "../../session/session";
import { queryOf, readFilters, type Filters, type List } from "./filters";
import { ManageViews } from "./ManageViews";
import { SaveView } from "./SaveView";

export const screenOf: Record<List, Screen> = { queue: Screen.QUEUE, submissions: Screen.SUBMISSIONS };

/** A view's filter is read and written again: what this page does not understand is not asked for. */
export const viewPath = (list: List, v: View) => {
  const query = queryOf(list, readFilters(v.query, "", list));
  return routes[list] + (query && `?${query}`);
};

/** The filters that people gave a name: one's own, and those the team shares. */
export function SavedViews({ list, filters }: { list: List; filters: Filters }) {
  const { person } = useSession();
  const views = useQuery(ViewService.method.listViews, { screen: screenOf[list] }, { refetchOnMount: "always" });
  const [open, setOpen] = useState<"save" | "manage">();
  const all = views.data?.views ?? [];
  return (
    <Stack as="section" aria-label="Saved views" gap={0.5}>
      <Flex alignItems="center" flexWrap="wrap" gap={1}>
        <Text fontWeight="bold">Saved views</Text>
        {all.map((v) => (
          <TextLink href={viewPath(list, v)} key={v.viewId}>
            {v.name}
            {v.owner !== person && ` (${v.owner})`}
          </TextLink>
        ))}
        {views.data && all.length === 0 && <Text color="muted">none yet</Text>}
        {views.error && <Text color="muted">cannot be loaded now</Text>}
        {views.error && (
          <Button onClick={() => void views.refetch()} size="sm" variant="text">
            Load saved views again
          </Button>
        )}
        {views.data && (
          <Button onClick={() => setOpen("save")} size="sm" variant="text">
            Save this filter
          </Button>
        )}
        {all.some((v) => v.editable) && (
          <Button onClick={() => setOpen("manage")} size="sm" variant="text">
            Change saved views
          </Button>
        )}
      </Flex>
      {open === "save" && <SaveView filters={filters} list={list} onClose={() => setOpen(undefined)} onSaved={() => views.refetch()} />}
      {open === "manage" && <ManageViews list={list} onChanged={() => views.refetch()} onClose={() => setOpen(undefined)} views={all.filter((v) => v.editable)} />}
    </Stack>
  );
}
