import { ListItem, UnorderedList } from "@ag.ds-next/react/list";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { useEffect, useRef, useState } from "react";
import { workItemPath } from "../../app/routes";
import { WorkItemService } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { useStream } from "../../live/useStream";
import { Part } from "../../parts/Part";
import { ago } from "../../words/time";
import { itemStatusWords } from "../../words/workitems";
import { useThrottled } from "../queue/useThrottled";
import { emptyFilters, itemsPath } from "../workitems/filters";

/** How many are shown here; the screen of work items has all. */
const shown = 5;
/** While the numbers keep changing, the list is read so often at most: every read is on record. */
const readEvery = 5_000;

/** The work items assigned to the officer, oldest first. They are read again when the hub tells of a change. */
export function MyItems() {
  const mine = useQuery(WorkItemService.method.listMyWorkItems, { pageSize: shown }, { refetchOnMount: "always" });
  const items = mine.data?.workItems;
  const [told, setTold] = useState(0);
  useStream(WorkItemService.method.watchWorkItems, items && { workItemIds: items.map((w) => w.workItemId) }, (m, first) => {
    if (!first || m.changed.length > 0) setTold((n) => n + 1);
  });
  const due = useThrottled(told, readEvery);
  const read = useRef(0);
  const { refetch } = mine;
  useEffect(() => {
    if (due === read.current) return;
    read.current = due;
    void refetch();
  }, [due, refetch]);
  return (
    <Part id="my-items" query={mine} title="My work items" what="your work items">
      {({ workItems, nextPageToken }) =>
        workItems.length === 0 ? (
          <Text as="p">No open work item is assigned to you.</Text>
        ) : (
          <Stack gap={0.5}>
            <UnorderedList>
              {workItems.map((w) => (
                <ListItem key={w.workItemId}>
                  <TextLink href={workItemPath(w.workItemId)}>{w.code ? `${w.code} ${w.title}` : "Restricted"}</TextLink> – {itemStatusWords[w.status]}, raised {ago(w.raisedAt)}
                  {ago(w.raisedAt) !== "just now" && " ago"}
                </ListItem>
              ))}
            </UnorderedList>
            {nextPageToken && (
              <Text as="p">
                <TextLink href={itemsPath({ ...emptyFilters, mine: true })}>See all of them</TextLink>
              </Text>
            )}
          </Stack>
        )
      }
    </Part>
  );
}
