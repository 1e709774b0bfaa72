import { Button } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { ScreenTitle } from "../../app/ScreenTitle";
import { AccessState, RestrictedAccessService, type AccessCase } from "../../gen/noticehub/processing/v1/restricted_pb";
import { useWatchedRows } from "../../live/QueueLive";
import { ConflictForm } from "../../parts/ConflictForm";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { useSession } from "../../session/session";
import { businessNow, timeOfDay } from "../../words/time";
import { CaseTable } from "./CaseTable";

const most = 500;

/** The open cases of restricted access: what each waits for, from whom, since when. */
export function RestrictedAccess() {
  const { person, roles } = useSession();
  const cases = useQuery(RestrictedAccessService.method.listAccessCases, { limit: most }, { refetchOnMount: "always" });
  const decides = roles.includes("restricted-access-officer");
  const all = cases.data?.cases ?? [];
  const mine = (c: AccessCase) => c.requester === person;
  const waiting = all.filter((c) => decides && c.state === AccessState.REQUESTED && !mine(c));
  const lifted = all.filter((c) => c.state === AccessState.LIFTED);
  const others = all.filter((c) => !waiting.includes(c) && !lifted.includes(c));
  const stale = useStale(all, cases.dataUpdatedAt);
  return (
    <Stack gap={2}>
      <ScreenTitle name="Restricted Access">Restricted Access</ScreenTitle>
      <Text as="p">
        {decides
          ? "Whoever asks for a risk assessment waits here for you. Open the submission to decide."
          : "The ways to restricted records that are under way. Each begins on its submission: the officer who has it contacts the authority first."}
      </Text>
      {cases.isPending && <Loading what="the cases" />}
      {cases.error && !cases.data && <Failed error={cases.error} onRetry={() => void cases.refetch()} what="The list of cases" />}
      {cases.data && (
        <>
          <div role="status">
            {stale && <SectionAlert title="A submission of this list changed since it was loaded" tone="warning" />}
          </div>
          {cases.error && <SectionAlert role="alert" title="The list could not be loaded again: it is as it was" tone="error" />}
          <Stack alignItems="flex-start" gap={0.5}>
            <Button loading={cases.isFetching} onClick={() => void cases.refetch()} size="sm" variant="secondary">
              Load the list again
            </Button>
            <Text color="muted" fontSize="xs">
              As at {timeOfDay(timestampFromMs(businessNow() - Date.now() + cases.dataUpdatedAt))}
            </Text>
          </Stack>
          {all.length === 0 && <Text as="p">{decides || roles.includes("supervisor") || roles.includes("auditor") ? "No case is open." : "You have no open case."}</Text>}
          {waiting.length > 0 && <CaseTable cases={waiting} id="to-decide" title="For you to decide, oldest first" />}
          {lifted.length > 0 && <CaseTable cases={lifted} id="lifted" title="Access lifted now" />}
          {others.length > 0 && <CaseTable cases={others} id="others" title={decides ? "Other open cases" : "Waiting"} />}
          {all.length === most && <Text as="p">The oldest {most} are shown; there may be more.</Text>}
        </>
      )}
      <Details label="Declare a conflict of interest">
        <ConflictForm name="restricted" onDone={() => cases.refetch()} />
      </Details>
    </Stack>
  );
}

/** Whether a submission of the list changed after it was read; the rows hold still until it is loaded again. */
function useStale(cases: AccessCase[], readAt: number): boolean {
  const [toldAt, setToldAt] = useState(0);
  useWatchedRows(
    cases.map((c) => c.submissionId),
    () => setToldAt(Date.now()),
  );
  return toldAt > readAt;
}
