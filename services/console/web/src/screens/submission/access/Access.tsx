import { Button } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { H2 } from "@ag.ds-next/react/heading";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { faultOf } from "../../../api/fault";
import { SubmissionStatus } from "../../../gen/noticehub/event/v1/vocabulary_pb";
import type { GetSubmissionDetailResponse, SubmissionSummary } from "../../../gen/noticehub/processing/v1/queue_pb";
import { AccessState, type AccessCase, type AccessStep } from "../../../gen/noticehub/processing/v1/restricted_pb";
import { Loading } from "../../../parts/Loading";
import { TimeLeft } from "../../../parts/TimeLeft";
import { mayAct, useSession } from "../../../session/session";
import { actorWords } from "../../../words/actor";
import { moment } from "../../../words/time";
import { restrictedHere, useAccess, useReread } from "../useDetail";
import { AskForm } from "./AskForm";
import { ContactForm } from "./ContactForm";
import { DecisionForm } from "./DecisionForm";
import { RecordView } from "./RecordView";
import { ReinstateForm } from "./ReinstateForm";
import { Steps, type Step } from "./Steps";

type Props = { detail: GetSubmissionDetailResponse; summary: SubmissionSummary };

/** The way to a restricted record: four steps, two persons, a time box. */
export function Access({ detail, summary: s }: Props) {
  const access = useAccess(detail);
  const none = !detail.accessCase;
  if (none && !restrictedHere(detail)) return null;
  return (
    <Stack gap={1}>
      <H2 fontSize="lg">Restricted Access</H2>
      {access.isLoading && <Loading what="the case of restricted access" />}
      {access.error !== null && (
        <SectionAlert role="alert" title="The case of restricted access could not be loaded" tone="error">
          <Stack alignItems="flex-start" gap={0.5}>
            <Text as="p">{faultOf(access.error).help || "The hub does not answer. The rest of the screen is as it was."}</Text>
            <Button onClick={() => void access.refetch()} size="sm" variant="secondary">
              Load the case again
            </Button>
          </Stack>
        </SectionAlert>
      )}
      {(access.data || none) && <Flow accessCase={none ? undefined : access.data?.case} detail={detail} onLook={() => void access.refetch()} steps={none ? [] : (access.data?.steps ?? [])} summary={s} />}
    </Stack>
  );
}

type FlowProps = Props & { accessCase: AccessCase | undefined; steps: AccessStep[]; onLook: () => void };

function Flow({ accessCase: c, detail, summary: s, steps, onLook }: FlowProps) {
  const session = useSession();
  const { person } = session;
  const reread = useReread(s.submissionId);
  const state = c?.state ?? AccessState.UNSPECIFIED;
  const open = s.status === SubmissionStatus.UNPROCESSED;
  const holds = open && s.heldBy === person && mayAct(session);
  const decides = session.roles.includes("restricted-access-officer");
  const requester = c?.requester === person;
  const who = (id: string) => actorWords(`officer:${id}`, person);
  const when = (...names: string[]) => moment(steps.findLast((x) => names.includes(x.step))?.at);
  const done = (name: string) => steps.some((x) => x.step === name);
  const closed = state >= AccessState.KEPT;
  const props = { onDone: reread, summary: s };

  const list: Step[] = [
    {
      title: "Contact the authority",
      state: c ? "done" : "doing",
      text: c
        ? `${who(c.requester)} contacted ${c.authorityId}, ${when("contacted")}. The customer ${c.customerAware ? "knows" : "does not know"} of the request.`
        : holds
          ? "Ask the case worker whether the customer knows of this request, and write down what was said. Disclose nothing."
          : "The officer who has the entry contacts the authority. Nothing is disclosed before.",
      content: !c && holds && <ContactForm {...props} />,
    },
    {
      title: "Ask for a risk assessment",
      state: done("requested") ? "done" : state === AccessState.CONTACTED ? "doing" : "todo",
      text: done("requested")
        ? `Asked for ${when("requested")}.`
        : state === AccessState.CONTACTED && !requester
          ? `It waits for ${who(c?.requester ?? "")} to ask.`
          : "A Restricted Access officer, always another person, decides.",
      content: state === AccessState.CONTACTED && requester && (holds ? <AskForm {...props} /> : <Text as="p">Claim the entry to ask.</Text>),
    },
    {
      title: "Decision of a Restricted Access officer",
      state: done("lifted") || done("kept") ? "done" : state === AccessState.REQUESTED ? "doing" : "todo",
      text: decision(c, state, done, when, who),
      content: state === AccessState.REQUESTED && (
        <Stack alignItems="flex-start" gap={1}>
          {decides && requester && <Text as="p">You asked for it, so another Restricted Access officer has to decide.</Text>}
          {decides && c && !requester && <DecisionForm {...props} accessCase={c} detail={detail} />}
          {!decides && (
            <Button onClick={onLook} size="sm" variant="secondary">
              Look whether it is decided
            </Button>
          )}
        </Stack>
      ),
    },
    {
      title: "Look at the record, record the outcome, close access",
      state: state === AccessState.LIFTED ? "doing" : closed && done("lifted") ? "done" : state === AccessState.KEPT ? "skipped" : "todo",
      text: ending(state, when, requester, c && who(c.requester)),
      content: state === AccessState.LIFTED && c?.until && (
        <Stack alignItems="flex-start" gap={1}>
          <TimeLeft onOver={() => void reread()} until={c.until} />
          {(requester || holds || decides) && (
            <Details label="End access early">
              <ReinstateForm {...props} />
            </Details>
          )}
        </Stack>
      ),
    },
  ];
  const mayLook = c !== undefined && ((requester && state === AccessState.LIFTED) || (decides && (state === AccessState.REQUESTED || state === AccessState.LIFTED)));
  return (
    <Stack gap={1}>
      <Steps steps={list} />
      {mayLook && c && <RecordView accessCase={c} detail={detail} key={`${c.caseId}/${c.version}`} onDone={reread} />}
      {closed && holds && (
        <Details label="Begin again: contact the authority once more">
          <ContactForm {...props} />
        </Details>
      )}
    </Stack>
  );
}

function decision(c: AccessCase | undefined, state: AccessState, done: (s: string) => boolean, when: (...s: string[]) => string, who: (id: string) => string): string {
  if (done("lifted")) return `${who(c?.decider ?? "")} lifted access for ${who(c?.requester ?? "")}, ${when("lifted")}.`;
  if (done("kept")) return `${who(c?.decider ?? "")} keeps access restricted, ${when("kept")}. Record that nothing is disclosed.`;
  if (state === AccessState.REQUESTED) return `It waits for a Restricted Access officer since ${when("requested")}.`;
  return "Access is lifted for the officer who asked, for a time, or stays restricted.";
}

function ending(state: AccessState, when: (...s: string[]) => string, requester: boolean, who: string | undefined): string {
  switch (state) {
    case AccessState.LIFTED:
      return requester ? "Access is lifted for you. Look at the record, then record the outcome below: that closes access in the same step." : `Access is lifted for ${who}, for nobody else.`;
    case AccessState.REINSTATED:
      return `Access was closed again, ${when("reinstated")}.`;
    case AccessState.EXPIRED:
      return `The time ran out${when("expired") ? `, ${when("expired")}` : ""}. Access is closed; ask again if the record is still needed.`;
    case AccessState.KEPT:
      return "Access stays restricted.";
    case AccessState.CLOSED:
      return "The submission ended before a decision.";
    default:
      return "Open only while access is lifted, and every look is on record.";
  }
}
