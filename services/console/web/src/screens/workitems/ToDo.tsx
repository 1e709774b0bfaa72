import { Button } from "@ag.ds-next/react/button";
import { H2 } from "@ag.ds-next/react/heading";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useMutation } from "@connectrpc/connect-query";
import { WorkItemService, WorkItemStatus, type WorkItem } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { useKeptText } from "../../parts/useKeptText";
import { useOnce } from "../../parts/useOnce";
import { Words } from "../../parts/Words";
import { useSession } from "../../session/session";
import { actionedByWords, hasEnded } from "../../words/workitems";
import { CompleteForm } from "./CompleteForm";
import { ComponentForm } from "./ComponentForm";
import { isSupervisor, mayAction } from "./may";
import { NotDone } from "./NotDone";
import { Places } from "./Places";

export type Acting = { item: WorkItem; acted: (after: WorkItem | undefined, what: string) => Promise<unknown>; reread: () => Promise<unknown> };

/** What to investigate and do, and the next step of it. */
export function ToDo({ item, actionRequired, acted, reread }: Acting & { actionRequired: string }) {
  return (
    <Stack gap={1}>
      <H2 fontSize="lg">What to investigate and do</H2>
      <Text as="p">{actionRequired}</Text>
      <Places item={item} />
      {hasEnded(item.status) ? <KeptNote item={item} /> : <Next acted={acted} item={item} reread={reread} />}
    </Stack>
  );
}

function Next({ item: w, acted, reread }: Acting) {
  const session = useSession();
  if (!mayAction(session, w)) {
    return (
      <SectionAlert title="You cannot action this item" tone="infoMedium">
        <Text as="p">It is for {actionedByWords[w.actionedBy]}. Leave it open for them.</Text>
      </SectionAlert>
    );
  }
  if (w.assignee && w.assignee !== session.person) {
    return (
      <>
        <Text as="p">
          {w.assignee} has this item. {isSupervisor(session) ? "You can move it below." : "Leave it to that officer, or ask a supervisor to move it to you."}
        </Text>
        <KeptNote item={w} />
      </>
    );
  }
  if (w.status === WorkItemStatus.OPEN) return <Start acted={acted} item={w} reread={reread} />;
  if (w.workflowOnly) {
    return (
      <SectionAlert title="Only its workflow completes this item" tone="infoMedium">
        <Text as="p">It cannot be completed by hand. Go through what stands above; once the result is on the customer’s record, the item closes by itself.</Text>
      </SectionAlert>
    );
  }
  return (
    <>
      {w.serviceComponent && <ComponentForm acted={acted} item={w} reread={reread} />}
      {(!w.serviceComponent || w.serviceComponentRecorded) && <CompleteForm acted={acted} item={w} reread={reread} />}
    </>
  );
}

/** A note that can not be sent any more is not lost: it can be copied from here. */
function KeptNote({ item: w }: { item: WorkItem }) {
  const { person } = useSession();
  const [note, setNote] = useKeptText(`work-item/${w.workItemId}`, person);
  if (!note) return null;
  return (
    <SectionAlert onClose={() => setNote("")} title="Your note was not sent" tone="infoMedium">
      <Words text={note} />
    </SectionAlert>
  );
}

function Start({ item: w, acted, reread }: Acting) {
  const start = useMutation(WorkItemService.method.startInvestigation);
  const send = useOnce(async () => {
    const { workItem } = await start.mutateAsync({ workItemId: w.workItemId, version: w.version });
    await acted(workItem, "You investigate this work item now");
  });
  return (
    <>
      <NotDone error={start.isPending ? null : start.error} reread={reread} />
      <Button alignSelf="flex-start" loading={start.isPending} onClick={() => void send()}>
        Start the investigation
      </Button>
    </>
  );
}
