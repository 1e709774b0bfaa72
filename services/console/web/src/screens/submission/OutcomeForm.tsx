import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Checkbox } from "@ag.ds-next/react/checkbox";
import { ControlGroup } from "@ag.ds-next/react/control-group";
import { H2 } from "@ag.ds-next/react/heading";
import { ListItem, UnorderedList } from "@ag.ds-next/react/list";
import { PageAlert } from "@ag.ds-next/react/page-alert";
import { Radio } from "@ag.ds-next/react/radio";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { Textarea } from "@ag.ds-next/react/textarea";
import { useState, type FormEvent } from "react";
import { faultOf, sortOf } from "../../api/fault";
import { Outcome } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { GetSubmissionDetailResponse, SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { Refused } from "../../parts/Refused";
import { useSession } from "../../session/session";
import { outcomeWords } from "../../words/vocabulary";
import { ConfirmOutcome } from "./ConfirmOutcome";
import { useDraft } from "./draft";
import { OutcomeFields } from "./OutcomeFields";
import { problemsOf, requestOf, type Answers, type Problems } from "./outcomeRequest";
import { useDetail, useReread } from "./useDetail";
import { useRecord } from "./useRecord";

/** The hub lodged it itself: there is no authority to return it to. */
const hubsOwn = (s: SubmissionSummary) => s.reference.startsWith("~");

type Props = { detail: GetSubmissionDetailResponse; summary: SubmissionSummary; onRecorded: () => void };

/** Records the outcome of an entry that the officer holds. */
export function OutcomeForm({ detail, summary: s, onRecorded }: Props) {
  const { person } = useSession();
  const { draft, change: changeDraft, drop, restored } = useDraft(s.submissionId, person, s.version);
  const [welcomeBack] = useState(restored);
  const [unkept, setUnkept] = useState({ crn: "", declaration: false, reinstate: false });
  const [problems, setProblems] = useState<Problems>({});
  const [asking, setAsking] = useState(false);
  const reread = useReread(s.submissionId);
  const reading = useDetail(s.submissionId).isFetching;
  const answers: Answers = { ...draft, ...unkept };
  const record = useRecord(() => {
    drop();
    onRecorded();
  }, reread);

  const change = ({ crn, declaration, reinstate, ...part }: Partial<Answers>) => {
    if (Object.keys(part).length > 0) changeDraft(part);
    const own = { ...(crn !== undefined && { crn }), ...(declaration !== undefined && { declaration }), ...(reinstate !== undefined && { reinstate }) };
    if (Object.keys(own).length > 0) setUnkept((before) => ({ ...before, ...own }));
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    record.reset();
    const found = problemsOf(answers, detail);
    setProblems(found);
    setAsking(Object.keys(found).length === 0);
  };
  const conflict = record.error && sortOf(faultOf(record.error)) === "conflict";
  const lifted = unkept.reinstate || (record.error && faultOf(record.error).reason === "ACCESS_LIFTED");
  const outcomes = [...detail.allowedOutcomes, ...(hubsOwn(s) ? [] : [Outcome.RETURNED])];
  const wrong = Object.values(problems);

  return (
    <form aria-labelledby="outcome-title" noValidate onSubmit={submit}>
      <Stack gap={1.5}>
        <H2 fontSize="lg" id="outcome-title">
          Record the outcome
        </H2>
        {welcomeBack && <Text as="p">What you had written here was kept. Look it over, and make the declaration again.</Text>}
        {wrong.length > 0 && (
          <PageAlert focusOnUpdate={wrong} role="alert" tabIndex={-1} title="Something is missing" tone="error">
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
        <Textarea
          block
          hint="What was done, for officers. It stays on the submission."
          invalid={Boolean(problems.note)}
          label="Note"
          maxWidth="xl"
          message={problems.note}
          onChange={(e) => change({ note: e.target.value })}
          required
          rows={4}
          value={draft.note}
        />
        <Textarea
          block
          hint="It stands in the authority’s daily report. Disclose nothing here."
          invalid={Boolean(problems.noteForAuthority)}
          label="Text for the authority"
          maxWidth="xl"
          message={problems.noteForAuthority}
          onChange={(e) => change({ noteForAuthority: e.target.value })}
          rows={2}
          value={draft.noteForAuthority}
        />
        {lifted && (
          <Checkbox checked={unkept.reinstate} onChange={(e) => change({ reinstate: e.target.checked })}>
            End the lift of restricted access in the same step
          </Checkbox>
        )}
        <ControlGroup block invalid={Boolean(problems.declaration)} label="Declaration" message={problems.declaration} required>
          <Checkbox checked={unkept.declaration} onChange={(e) => change({ declaration: e.target.checked })}>
            I confirm that I have completed the actions required to process this request.
          </Checkbox>
        </ControlGroup>
        <Refused error={record.isPending ? null : record.error} />
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
