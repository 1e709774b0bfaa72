import { PageAlert } from "@ag.ds-next/react/page-alert";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { useRef, useState } from "react";
import { customerPath, routes } from "../../app/routes";
import { ScreenTitle } from "../../app/ScreenTitle";
import { WorkItemService, type GetWorkItemResponse, type WorkItem as Item } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { useStream } from "../../live/useStream";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { NotOpen } from "../../parts/NotOpen";
import { Trail } from "../../parts/Trail";
import { useSession } from "../../session/session";
import { actorWords } from "../../words/actor";
import { moment } from "../../words/time";
import { hasEnded, stepWords } from "../../words/workitems";
import { emptyFilters, itemsPath } from "./filters";
import { isHidden, isSupervisor, seesWork } from "./may";
import { Standing } from "./Standing";
import { Steps } from "./Steps";
import { ToDo } from "./ToDo";
import { Reassign } from "./Reassign";

const { method } = WorkItemService;

export function WorkItem({ id }: { id: string }) {
  const session = useSession();
  const open = seesWork(session);
  const detail = useQuery(method.getWorkItem, { workItemId: id }, { refetchOnMount: "always", gcTime: 0, enabled: open });
  const item = detail.data?.workItem;
  const title = item ? `${item.code} ${item.title}`.trim() : "Work item";
  return (
    <Stack gap={2}>
      <Trail links={[{ label: "Home", href: routes.home }, { label: "Work items", href: routes.workItems }, { label: item?.code || "Work item" }]} />
      {/* Titles may hold a child's name or a date: the tab, which browsers keep, tells the code only. */}
      <ScreenTitle name={item?.code || "Work item"}>{title}</ScreenTitle>
      {!open && <NotOpen to="Officers and auditors see it." what="The work item is" />}
      {open && detail.isPending && <Loading what="the work item" />}
      {detail.error && !item && <Failed error={detail.error} onRetry={() => void detail.refetch()} what="The work item" />}
      {detail.error && item && (
        <SectionAlert role="alert" title="The work item could not be read again" tone="error">
          <Text as="p">What is shown is as it was. Nothing you wrote is lost.</Text>
        </SectionAlert>
      )}
      {item && <Shown detail={detail.data!} item={item} reread={() => detail.refetch()} />}
    </Stack>
  );
}

function Shown({ detail, item, reread }: { detail: GetWorkItemResponse; item: Item; reread: () => Promise<unknown> }) {
  const session = useSession();
  const [done, setDone] = useState({ what: "", ended: false });
  // Versions that came of the officer's own actions; any other is somebody else's doing.
  const own = useRef(item.version);
  const [before, setBefore] = useState(item.version);
  useStream(method.watchWorkItems, { workItemIds: [item.workItemId] }, (m) => {
    if (m.changed.some((c) => c.version > Math.max(item.version, own.current))) void reread();
  });
  const acted = async (after: Item | undefined, what: string) => {
    own.current = after?.version ?? own.current;
    setBefore(own.current);
    setDone({ what, ended: after !== undefined && hasEnded(after.status) });
    await reread();
  };
  const others = detail.history.filter((s) => s.version > before && s.actor !== `officer:${session.person}`).at(-1);
  return (
    <>
      {done.what && !others && (
        <PageAlert focusOnMount key={done.what} role="status" tabIndex={-1} title={done.what} tone="success">
          {done.ended && (
            <Text as="p">
              <TextLink href={itemsPath({ ...emptyFilters, mine: true })}>Go on with my work items</TextLink>
              {item.crn && " or "}
              {item.crn && <TextLink href={customerPath(item.crn)}>see the customer’s other items</TextLink>}
            </Text>
          )}
        </PageAlert>
      )}
      <div aria-live="polite">
        {others && (
          <SectionAlert onClose={() => setBefore(item.version)} title="Somebody else acted on this item" tone="warning">
            <Text as="p">
              {stepWords(others.action)} by {actorWords(others.actor, session.person)}, {moment(others.at)}. What is shown is how it stands now. What you wrote is kept.
            </Text>
          </SectionAlert>
        )}
      </div>
      <Standing item={item} />
      {isHidden(item) ? (
        <SectionAlert title="It is about a restricted record" tone="warning">
          <Text as="p">What it is about is not shown. The Restricted Access officer acts on it{isSupervisor(session) ? "; you can move it to one below" : ""}.</Text>
        </SectionAlert>
      ) : (
        <ToDo actionRequired={detail.actionRequired} acted={acted} item={item} reread={reread} />
      )}
      <Reassign acted={acted} item={item} reread={reread} />
      <Steps history={detail.history} />
    </>
  );
}
