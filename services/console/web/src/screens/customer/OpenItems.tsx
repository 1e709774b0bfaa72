import { Box } from "@ag.ds-next/react/box";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { workItemPath } from "../../app/routes";
import { WorkItemService, type WorkItem } from "../../gen/noticehub/workitem/v1/workitem_pb";
import type { Live } from "../../live/useStream";
import { Announce } from "../../parts/Announce";
import { Part } from "../../parts/Part";
import { useSession } from "../../session/session";
import { holderWords } from "../../words/actor";
import { ago } from "../../words/time";
import { itemStatusWords } from "../../words/workitems";

const liveWords: Record<Live, string> = {
  stream: "Changes show here by themselves.",
  polling: "Looked for changes every second.",
  paused: "Nobody was at this window: move the mouse to see changes.",
};

/** Every contact with a customer shows all their open items, of all measures. */
export function OpenItems({ crn, live }: { crn: string; live: Live }) {
  const items = useQuery(WorkItemService.method.listCustomerWorkItems, { crn, pageSize: 200 }, { refetchOnMount: "always", gcTime: 0 });
  const n = items.data?.workItems.length ?? 0;
  return (
    <Box background="shade" padding={1} rounded>
      <Part id="open-items" query={items} title={items.data ? `Open work items (${n}${items.data.nextPageToken ? " and more" : ""})` : "Open work items"} what="the open work items">
        {(data) => (
          <Stack gap={1}>
            {n === 0 ? (
              <Text as="p">There is no open work item.</Text>
            ) : (
              <Stack as="ul" gap={1}>
                {data.workItems.map((w) => (
                  <li key={w.workItemId}>
                    <Line item={w} />
                  </li>
                ))}
              </Stack>
            )}
            <Text color="muted" fontSize="xs">
              {liveWords[live]}
            </Text>
            <Announce text={`${n} open work items`} />
          </Stack>
        )}
      </Part>
    </Box>
  );
}

function Line({ item: w }: { item: WorkItem }) {
  const { person } = useSession();
  return (
    <Stack gap={0.25}>
      <TextLink href={workItemPath(w.workItemId)}>
        {w.code} {w.title}
      </TextLink>
      <Text color="muted" fontSize="xs">
        {[`raised ${ago(w.raisedAt)}${ago(w.raisedAt) === "just now" ? "" : " ago"}`, w.office && `office ${w.office}`, itemStatusWords[w.status].toLowerCase(), w.assignee && `with ${holderWords(w.assignee, person)}`]
          .filter(Boolean)
          .join(" · ")}
      </Text>
    </Stack>
  );
}
