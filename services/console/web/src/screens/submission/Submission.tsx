import { PageAlert } from "@ag.ds-next/react/page-alert";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useState } from "react";
import { routes } from "../../app/routes";
import { ScreenTitle } from "../../app/ScreenTitle";
import { SubmissionStatus } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { GetSubmissionDetailResponse, SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { AccessState } from "../../gen/noticehub/processing/v1/restricted_pb";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { Trail } from "../../parts/Trail";
import { mayAct, useSession } from "../../session/session";
import { outcomeWords, typeWords } from "../../words/vocabulary";
import { Access } from "./access/Access";
import { Candidates } from "./Candidates";
import { Holding } from "./Holding";
import { KeptText } from "./KeptText";
import { Lodged } from "./Lodged";
import { News } from "./News";
import { Notices } from "./Notices";
import { OutcomeForm } from "./OutcomeForm";
import { Standing } from "./Standing";
import { Timeline } from "./Timeline";
import { Trace } from "./Trace";
import { useAccess, useDetail } from "./useDetail";
import { useNews } from "./useNews";

export function Submission({ id }: { id: string }) {
  const detail = useDetail(id);
  const summary = detail.data?.summary;
  const title = summary ? `${typeWords[summary.informationType]} ${summary.reference}` : "Submission";
  return (
    <Stack gap={2}>
      <Trail links={[{ label: "Home", href: routes.home }, { label: "Unprocessed queue", href: routes.queue }, { label: summary?.reference ?? "Submission" }]} />
      <ScreenTitle name={title}>{title}</ScreenTitle>
      {detail.isPending && <Loading what="the submission" />}
      {detail.error && !detail.data && <Failed error={detail.error} onRetry={() => void detail.refetch()} what="The submission" />}
      {detail.error && detail.data && (
        <SectionAlert role="alert" title="It could not be read again: what you see is as it was" tone="warning">
          <Text as="p">Nothing you wrote is lost. Load the page again in a moment.</Text>
        </SectionAlert>
      )}
      {detail.data && summary && <Shown detail={detail.data} readAt={detail.dataUpdatedAt} summary={summary} />}
    </Stack>
  );
}

function Shown({ detail, readAt, summary }: { detail: GetSubmissionDetailResponse; readAt: number; summary: SubmissionSummary }) {
  const session = useSession();
  const [recorded, setRecorded] = useState(false);
  const access = useAccess(detail).data;
  const { news, load } = useNews(summary.submissionId, detail, readAt);
  const open = summary.status === SubmissionStatus.UNPROCESSED;
  const deciding = open && summary.heldBy === session.person && mayAct(session);
  return (
    <>
      <News news={news} onLoad={load} shown={detail} />
      {recorded && !open && (
        <PageAlert focusOnMount role="status" tabIndex={-1} title={`Recorded: ${outcomeWords[summary.outcome]}`} tone="success">
          <Text as="p">
            <TextLink href={routes.queue}>Go on with the queue</TextLink>
          </Text>
        </PageAlert>
      )}
      <Standing detail={detail} summary={summary} />
      {detail.guarded && (
        <SectionAlert title="Something is not shown" tone="warning">
          <Text as="p">
            Access to the customer’s record is restricted, or nobody could be asked whether it is. What tells of the record is left out until a Restricted
            Access officer lifts access for you.
          </Text>
        </SectionAlert>
      )}
      {open && mayAct(session) && <Holding summary={summary} />}
      <Access detail={detail} summary={summary} />
      <Lodged detail={detail} />
      {(detail.candidates.length > 0 || detail.restrictedCandidates > 0) && <Candidates detail={detail} />}
      {detail.notices.length > 0 && <Notices notices={detail.notices} />}
      {deciding ? (
        <OutcomeForm
          detail={detail}
          key={summary.submissionId}
          lifted={access?.case?.state === AccessState.LIFTED}
          onRecorded={() => setRecorded(true)}
          summary={summary}
        />
      ) : (
        <KeptText open={open} submissionId={summary.submissionId} />
      )}
      <Trace decisions={detail.decisions} />
      <Timeline detail={detail} steps={access?.steps ?? []} />
    </>
  );
}
