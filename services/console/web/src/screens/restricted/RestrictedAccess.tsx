import { Button } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ScreenTitle } from "../../app/ScreenTitle";
import { Announce } from "../../parts/Announce";
import { ConflictForm } from "../../parts/ConflictForm";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { useSession } from "../../session/session";
import { businessNow, timeOfDay } from "../../words/time";
import { CaseTable } from "./CaseTable";
import { most, useCases } from "./useCases";

/** The open cases of restricted access: what each waits for, from whom, since when. */
export function RestrictedAccess() {
  const { roles } = useSession();
  const { cases, decides, rows, parts, changed, added, at, asked, load } = useCases();
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
            {changed && <SectionAlert title={`The list changed${added ? `: ${added} new` : ""}. It holds still until you load it again`} tone="infoMedium" />}
          </div>
          {cases.error && <SectionAlert role="alert" title="The list could not be loaded again: it is as it was" tone="error" />}
          <Stack alignItems="flex-start" gap={0.5}>
            <Button loading={asked} onClick={() => void load()} size="sm" variant="secondary">
              Load the list again
            </Button>
            <Text color="muted" fontSize="xs">
              As at {timeOfDay(timestampFromMs(businessNow() - Date.now() + at))}
            </Text>
          </Stack>
          <Announce text={cases.isFetching ? "" : `${rows.length} open cases in this list`} />
          {rows.length === 0 && <Text as="p">{decides || roles.includes("supervisor") || roles.includes("auditor") ? "No case is open." : "You have no open case."}</Text>}
          {parts.waiting.length > 0 && <CaseTable cases={parts.waiting} id="to-decide" title="For you to decide, oldest first" />}
          {parts.lifted.length > 0 && <CaseTable cases={parts.lifted} id="lifted" title="Access lifted now" />}
          {parts.others.length > 0 && <CaseTable cases={parts.others} id="others" title={decides ? "Other open cases" : "Waiting"} />}
          {rows.length === most && <Text as="p">The oldest {most} are shown; there may be more.</Text>}
        </>
      )}
      <Details label="Declare a conflict of interest">
        <ConflictForm name="restricted" onDone={load} />
      </Details>
    </Stack>
  );
}
