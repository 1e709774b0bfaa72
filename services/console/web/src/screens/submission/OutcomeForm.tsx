import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Checkbox } from "@ag.ds-next/react/checkbox";
import { ControlGroup } from "@ag.ds-next/react/control-group";
import { H2 } from "@ag.ds-next/react/heading";
import { ListItem, UnorderedList } from "@ag.ds-next/react/list";
import { PageAlert } from "@ag.ds-next/react/page-alert";
import { Radio } from "@ag.ds-next/react/radio";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useState, type FormEvent } from "react";
import { faultOf, sortOf } from "../../api/fault";
import { InformationType, Outcome } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { GetSubmissionDetailResponse, SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { LongText } from "../../parts/LongText";
import { Refused } from "../../parts/Refused";
import { useTold } from "../../parts/useTold";
import { useSession } from "../../session/session";
import { outcomeWords } from "../../words/vocabulary";
import { ConfirmOutcome } from "./ConfirmOutcome";
import { useDraft } from "./draft";
import { OutcomeFields } from "./OutcomeFields";
import { authorityMost, noteMost, problemsOf, problemsTold, requestOf, type Answers, type Problems } from "./outcomeRequest";
import { ClaimAgain } from "./ClaimAgain";
import { useDetail, useReread } from "./useDetail";
import { useRecord } from "./useRecord";

/** The hub lodged it itself: there is no authority to return it to. */
const hubsOwn = (s: SubmissionSummary) => s.reference.startsWith("~");

type Props = {
  detail: GetSubmissionDetailResponse;
  summary: SubmissionSummary;
  /** Access to the record is lifted: the outcome ends that in the same step. */
  lifted: boolean;
  onRecorded: () => void;
};

/** Records the outcome of an entry that the officer holds. */
export function OutcomeForm({ detail, summary: s, lifted, onRecorded }: Props) {
  const { person } = useSession();
  const { draft, change: changeDraft, drop, restored } = useDraft(s.submissionId, person, s.version);
  const [welcomeBack] = useState(restored);
  // The declaration is made for one version: whoever loads another makes it again.
  const [unkept, setUnkept] = useState({ crn: "", declaredFor: -1 });
  const [missing, setMissing] = useState<Problems>({});
  const [asking, setAsking] = useState(false);
  const reread = useReread(s.submissionId);
  const reading = useDetail(s.submissionId).isFetching;
  const record = useRecord(() => {
    drop();
    onRecorded();
  }, reread);
  const fault = record.error && !record.isPending ? faultOf(record.error) : undefined;
  const reinstate = lifted || fault?.reason === "ACCESS_LIFTED";
  const answers: Answers = { ...draft, crn: unkept.crn, declaration: unkept.declaredFor === s.version, reinstate };

  const change = ({ crn, declaration, ...part }: Partial<Answers>) => {
    if (Object.keys(part).length > 0) changeDraft(part);
    if (crn !== undefined) setUnkept((before) => ({ ...before, crn }));
    if (declaration !== undefined) setUnkept((before) => ({ ...before, declaredFor: declaration ? s.version : -1 }));
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (record.isPending) return;
    record.reset();
    const found = problemsOf(answers, detail);
    setMissing(found);
    setAsking(Object.keys(found).length === 0);
  };
  const told = fault && problemsTold(fault);
  const problems = told ?? missing;
  const wrong = Object.values(problems);
  const anew = useTold(told ? record.error : missing);
  const conflict = fault && sortOf(fault) === "conflict";
  const outcomes = [...detail.allowedOutcomes, ...(hubsOwn(s) ? [] : [Outcome.RETURNED])];
  const referral = s.informationType === InformationType.VOLUNTARY_REFERRAL;

  return (
    <form aria-labelledby="outcome-title" noValidate onSubmit={submit}>
      <Stack gap={1.5}>
        <H2 fontSize="lg" id="outcome-title">
          Record the outcome
        </H2>
        {welcomeBack && <Text as="p">What you had written here was kept. Look it over, and make the declaration again.</Text>}
        {wrong.length > 0 && (
          <PageAlert focusOnUpdate={anew} role="alert" tabIndex={-1} title={told ? "The hub did not take it as it stands" : "Something is missing"} tone="error">
            <UnorderedList>
              {wrong.map((w) => (
                <ListItem key={w}>{w}</ListItem>
              ))}
            </UnorderedList>
          </PageAlert>
        )}
        <ControlGroup block invalid={Boolean(problems.outcome)} label="Outcome" message={problems.outcome} required>
          {outcomes.map((o) => (
            <Radio checked={draft.outcome === o} key={o} name="outcome" onChange={() => change({ outcome: o })}>
              {o === Outcome.RETURNED ? "Return to the authority, to be lodged again" : outcomeWords[o]}
            </Radio>
          ))}
        </ControlGroup>
        <OutcomeFields answers={answers} change={change} detail={detail} problems={problems} />
        <LongText
          hint={
            referral
              ? "Your notes on the referral, for officers. Nothing follows from it unless the customer makes contact."
              : "What was done, for officers. It stays on the submission."
          }
          label="Note"
          most={noteMost}
          onChange={(note) => change({ note })}
          problem={problems.note}
          required
          rows={4}
          value={draft.note}
        />
        <LongText
          hint="It stands in the authority’s daily report. Disclose nothing here."
          label="Text for the authority"
          most={authorityMost}
          onChange={(noteForAuthority) => change({ noteForAuthority })}
          problem={problems.noteForAuthority}
          rows={2}
          value={draft.noteForAuthority}
        />
        {reinstate && <SectionAlert title="Recording the outcome ends the lift of restricted access in the same step." tone="infoHigh" />}
        <ControlGroup block invalid={Boolean(problems.declaration)} label="Declaration" message={problems.declaration} required>
          <Checkbox checked={answers.declaration} onChange={(e) => change({ declaration: e.target.checked })}>
            I confirm that I have completed the actions required to process this request.
          </Checkbox>
        </ControlGroup>
        {!told && <Refused error={fault ? record.error : null} />}
        {fault?.reason === "CLAIM_REQUIRED" && <ClaimAgain onDone={record.reset} summary={s} />}
        {conflict && (
          <Button alignSelf="flex-start" loading={reading} onClick={() => void reread()} variant="secondary">
            See what it is now (your text is kept)
          </Button>
        )}
        <ButtonGroup>
          <Button loading={record.isPending} type="submit">
            Record the outcome
          </Button>
          <Button onClick={() => drop()} variant="tertiary">
            Throw the draft away
          </Button>
        </ButtonGroup>
      </Stack>
      <ConfirmOutcome
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false);
          void record.send(requestOf(answers, detail));
        }}
        outcome={draft.outcome}
        submission={s}
      />
    </form>
  );
}
