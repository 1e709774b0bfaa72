import { Button } from "@ag.ds-next/react/button";
import { Checkbox } from "@ag.ds-next/react/checkbox";
import { ControlGroup } from "@ag.ds-next/react/control-group";
import { Radio } from "@ag.ds-next/react/radio";
import { Stack } from "@ag.ds-next/react/stack";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { InformationType, RejectionReason } from "../../../gen/noticehub/event/v1/vocabulary_pb";
import type { SubmissionSummary } from "../../../gen/noticehub/processing/v1/queue_pb";
import { RestrictedAccessService } from "../../../gen/noticehub/processing/v1/restricted_pb";
import { crnProblem, normalCrn } from "../../../parts/crn";
import { LongText } from "../../../parts/LongText";
import { Refused } from "../../../parts/Refused";
import { useKeptText } from "../../../parts/useKeptText";
import { useActionId, useOnce } from "../../../parts/useOnce";
import { useSession } from "../../../session/session";
import { textProblem } from "../../../words/plain";

const most = 4000;

type Props = { summary: SubmissionSummary; onDone: () => Promise<unknown> };

/** Opens a case: the authority was contacted, and said whether the customer knows. */
export function ContactForm({ summary: s, onDone }: Props) {
  const { person } = useSession();
  const [aware, setAware] = useState<boolean>();
  const [note, setNote] = useKeptText(`contact/${s.submissionId}`, person);
  const [crn, setCrn] = useState("");
  const [ask, setAsk] = useState(true);
  const [wrong, setWrong] = useState<{ aware?: string; note?: string; crn?: string }>({});
  const contact = useMutation(RestrictedAccessService.method.recordAuthorityContact);
  const actionId = useActionId();
  const identifies = s.informationType !== InformationType.FIND_MUTUAL_CLIENT && s.reasons.includes(RejectionReason.CUSTOMER_NOT_IDENTIFIED);
  const send = useOnce(async () => {
    const content = { submissionId: s.submissionId, version: s.version, customerAware: aware, note, crn: identifies ? normalCrn(crn) : "", requestAssessment: ask };
    await contact.mutateAsync({ ...content, actionId: actionId(content) });
    setNote("");
    await onDone();
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const said = textProblem(note, 3, most, "Write down who was spoken to and what was said, in at least 3 characters.");
    const problems = {
      ...(aware === undefined && { aware: "Choose whether the customer knows." }),
      ...(said && { note: said }),
      ...(identifies && normalCrn(crn) && crnProblem(normalCrn(crn)) && { crn: crnProblem(normalCrn(crn)) }),
    };
    setWrong(problems);
    if (Object.keys(problems).length === 0) void send();
  };
  return (
    <form aria-label="Contact with the authority" noValidate onSubmit={submit}>
      <Stack gap={1}>
        <ControlGroup block invalid={Boolean(wrong.aware)} label="Does the customer know of the request?" message={wrong.aware} required>
          <Radio checked={aware === true} name="aware" onChange={() => setAware(true)}>
            The customer knows
          </Radio>
          <Radio checked={aware === false} name="aware" onChange={() => setAware(false)}>
            The customer does not know
          </Radio>
        </ControlGroup>
        <LongText
          hint="Who was spoken to and what was said. Only you, Restricted Access officers and whom access is lifted for read it."
          label="Contact with the authority"
          most={most}
          onChange={setNote}
          problem={wrong.note}
          required
          rows={3}
          value={note}
        />
        {identifies && (
          <TextInput
            autoComplete="off"
            hint="Only if you identified another customer than the one lodged."
            invalid={Boolean(wrong.crn)}
            label="CRN of the customer you identified"
            maxLength={20}
            message={wrong.crn}
            onChange={(e) => setCrn(e.target.value)}
            value={crn}
          />
        )}
        <Checkbox checked={ask} onChange={(e) => setAsk(e.target.checked)}>
          Ask for the risk assessment in the same step
        </Checkbox>
        <Refused error={contact.isPending ? null : contact.error} />
        <Button alignSelf="flex-start" loading={contact.isPending} type="submit">
          {ask ? "Record the contact and ask" : "Record the contact"}
        </Button>
      </Stack>
    </form>
  );
}
