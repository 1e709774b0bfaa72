import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { customerPath, workItemPath } from "../../app/routes";
import { WorkItemStatus, type ChangedWorkItem, type WorkItem } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { Sheet } from "../../parts/Sheet";
import { useSession } from "../../session/session";
import { holderWords } from "../../words/actor";
import { ago, moment } from "../../words/time";
import { measureWords } from "../../words/vocabulary";
import { hasEnded, itemStatusWords } from "../../words/workitems";
import type { Row } from "./useItems";

/** Work items of a list. On a phone the columns that the item itself tells again are left out. */
export const ItemsTable = ({ rows, labelledBy }: { rows: Row[]; labelledBy: string }) => (
  <Sheet
    heads={["Work item", "Raised", { text: "Customer", wide: true }, { text: "Office", wide: true }, "Status"]}
    labelledBy={labelledBy}
    rows={rows.map(({ item: w, changed }) => ({
      key: w.workItemId,
      cells: [
        <Stack gap={0.25} key="what">
          <TextLink href={workItemPath(w.workItemId)}>{w.code || "Restricted"}</TextLink>
          <Text>{w.title}</Text>
        </Stack>,
        <Stack gap={0.25} key="raised">
          <Text>{ago(w.raisedAt)}</Text>
          <Text color="muted" display={{ xs: "none", md: "block" }} fontSize="xs">
            {moment(w.raisedAt)}
          </Text>
        </Stack>,
        <Stack gap={0.25} key="who">
          {w.crn ? <TextLink href={customerPath(w.crn)}>{w.crn}</TextLink> : "Not shown"}
          <Text color="muted" fontSize="xs">
            {w.measure ? measureWords[w.measure] : ""}
          </Text>
        </Stack>,
        w.office || "None",
        changed ? <Changed before={w} key="now" now={changed} /> : <Standing item={w} key="now" />,
      ],
    }))}
  />
);

function Standing({ item: w }: { item: WorkItem }) {
  const { person } = useSession();
  const by = w.assignee && holderWords(w.assignee, person);
  return (
    <Stack gap={0.25}>
      <Text>{itemStatusWords[w.status]}</Text>
      <Text color="muted" fontSize="xs">
        {by || (hasEnded(w.status) ? "" : "Nobody has it")}
      </Text>
    </Stack>
  );
}

/** The row stays where it is and says what became of it. */
function Changed({ before, now }: { before: WorkItem; now: ChangedWorkItem }) {
  const { person } = useSession();
  const label = hasEnded(now.status)
    ? `Now: ${itemStatusWords[now.status].toLowerCase()}`
    : now.assignee === before.assignee && now.status !== WorkItemStatus.INVESTIGATING
      ? "Changed"
      : `Now with ${now.assignee ? holderWords(now.assignee, person).toLowerCase() : "nobody"}`;
  return <StatusBadge label={label} tone="infoLow" />;
}
