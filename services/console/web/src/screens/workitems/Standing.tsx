import { StatusBadge, type StatusBadgeTone } from "@ag.ds-next/react/status-badge";
import { Stack } from "@ag.ds-next/react/stack";
import { TextLink } from "@ag.ds-next/react/text-link";
import { customerPath } from "../../app/routes";
import { WorkItemStatus, type WorkItem } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { Facts } from "../../parts/Facts";
import { useSession } from "../../session/session";
import { holderWords } from "../../words/actor";
import { ago, day, moment } from "../../words/time";
import { measureWords } from "../../words/vocabulary";
import { actionedByWords, groupWords, hasEnded, itemStatusWords } from "../../words/workitems";
import { isHidden } from "./may";

const tones: Record<WorkItemStatus, StatusBadgeTone> = {
  [WorkItemStatus.UNSPECIFIED]: "unknownLow",
  [WorkItemStatus.OPEN]: "warningMedium",
  [WorkItemStatus.INVESTIGATING]: "inProgressLow",
  [WorkItemStatus.COMPLETED]: "successMedium",
  [WorkItemStatus.CLOSED]: "infoMedium",
};

const past = (text: string) => (text === "just now" ? text : `${text} ago`);

/** What the item is and where it stands. */
export function Standing({ item: w }: { item: WorkItem }) {
  const { person } = useSession();
  const ended = hasEnded(w.status);
  return (
    <Stack gap={1}>
      <div>
        <StatusBadge label={itemStatusWords[w.status]} tone={tones[w.status]} />
      </div>
      <Facts
        facts={[
          ["Customer", w.crn && (isHidden(w) ? w.crn : <TextLink href={customerPath(w.crn)}>{w.crn}</TextLink>)],
          ["With", w.assignee ? holderWords(w.assignee, person) : ended ? "" : "Nobody"],
          ["Office", w.office || "None"],
          ["Raised", `${past(ago(w.raisedAt))} (${moment(w.raisedAt)})`],
          ["Day of its cause", w.dueOn && day(w.dueOn)],
          ["Investigated since", moment(w.investigationStartedAt)],
          [w.status === WorkItemStatus.CLOSED ? "Closed" : "Completed", moment(w.closedAt)],
          ["Measure", w.measure ? measureWords[w.measure] : ""],
          ["Group", w.group ? groupWords[w.group] : ""],
          ["Who may action it", w.actionedBy ? actionedByWords[w.actionedBy].replace(/^./, (c) => c.toUpperCase()) : ""],
        ]}
      />
    </Stack>
  );
}
