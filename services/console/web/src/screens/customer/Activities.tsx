import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { workItemPath } from "../../app/routes";
import { ActivityKind, ActivityStatus, WorkItemService, type Activity } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { Announce } from "../../parts/Announce";
import { Pager } from "../../parts/Pager";
import { Part } from "../../parts/Part";
import { Sheet } from "../../parts/Sheet";
import { useSession } from "../../session/session";
import { day, moment } from "../../words/time";
import { activityKindWords, activityStatusWords } from "../../words/workitems";
import { isOfficer } from "../workitems/may";
import { EndFollowUp, type Ending } from "./EndFollowUp";
import { FollowUpForm } from "./FollowUpForm";

/** The customer's activity list, newest first. Work items end with their item; follow-ups are officers' own. */
export function Activities({ crn }: { crn: string }) {
  const session = useSession();
  const [pageToken, setPage] = useState("");
  const [ending, setEnding] = useState<Ending>();
  const [done, setDone] = useState("");
  const list = useQuery(WorkItemService.method.listActivities, { crn, pageSize: 10, pageToken }, { refetchOnMount: "always", gcTime: 0 });
  const reread = async (what: string) => {
    setDone(what);
    await list.refetch();
  };
  return (
    <Stack gap={1}>
      <Part id="activities" query={list} title="Activity list" what="the activity list">
        {(data) => (
          <Stack gap={1}>
            {data.activities.length === 0 ? <Text as="p">There is no activity.</Text> : <ActivityTable activities={data.activities} mayAct={isOfficer(session)} onEnd={setEnding} />}
            <Pager first={!pageToken} label="Pages of activities" next={data.nextPageToken} onFirst={() => setPage("")} onNext={setPage} />
          </Stack>
        )}
      </Part>
      {done && <Text as="p">{done}</Text>}
      <Announce text={done} />
      {isOfficer(session) && (
        <Details label="Make a manual follow-up">
          <FollowUpForm
            crn={crn}
            onMade={async () => {
              if (pageToken) setPage("");
              await reread("The follow-up is on the list.");
            }}
          />
        </Details>
      )}
      {ending && <EndFollowUp ending={ending} key={ending.activity.activityId + ending.how} onClose={() => setEnding(undefined)} onEnded={reread} />}
    </Stack>
  );
}

type TableProps = { activities: Activity[]; mayAct: boolean; onEnd: (e: Ending) => void };

function ActivityTable({ activities, mayAct, onEnd }: TableProps) {
  return (
    <Sheet
      heads={["Activity", "Matures", "Status"]}
      labelledBy="activities"
      rows={activities.map((a) => ({ key: a.activityId, cells: [<What activity={a} key="what" />, day(a.maturesOn), <Standing activity={a} key="standing" mayAct={mayAct} onEnd={onEnd} />] }))}
    />
  );
}

function What({ activity: a }: { activity: Activity }) {
  return (
    <Stack gap={0.25}>
      {a.kind === ActivityKind.INM_ACT ? (
        <TextLink href={workItemPath(a.activityId)}>
          {a.code} {a.title}
        </TextLink>
      ) : (
        <Text breakWords>{a.title}</Text>
      )}
      <Text color="muted" fontSize="xs">
        {[activityKindWords[a.kind], a.office && `office ${a.office}`, ...a.keywords].filter(Boolean).join(" · ")}
      </Text>
    </Stack>
  );
}

function Standing({ activity: a, mayAct, onEnd }: { activity: Activity; mayAct: boolean; onEnd: (e: Ending) => void }) {
  return (
    <Stack gap={0.5}>
      <Text>
        {activityStatusWords[a.status]}
        {a.closedAt && `, ${moment(a.closedAt)}`}
      </Text>
      {mayAct && a.kind === ActivityKind.FOLLOW_UP && a.status === ActivityStatus.OPEN && (
        <ButtonGroup>
          <Button aria-label={`Complete ${a.title}`} onClick={() => onEnd({ activity: a, how: "complete" })} size="sm" variant="secondary">
            Complete
          </Button>
          <Button aria-label={`Cancel ${a.title}`} onClick={() => onEnd({ activity: a, how: "cancel" })} size="sm" variant="tertiary">
            Cancel
          </Button>
        </ButtonGroup>
      )}
    </Stack>
  );
}
