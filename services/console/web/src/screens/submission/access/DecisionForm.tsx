import { Button } from "@ag.ds-next/react/button";
import { ControlGroup } from "@ag.ds-next/react/control-group";
import { Flex } from "@ag.ds-next/react/flex";
import { Radio } from "@ag.ds-next/react/radio";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import type { GetSubmissionDetailResponse } from "../../../gen/noticehub/processing/v1/queue_pb";
import { RestrictedAccessService, RiskDecision, type AccessCase } from "../../../gen/noticehub/processing/v1/restricted_pb";
import { Confirm } from "../../../parts/Confirm";
import { LongText } from "../../../parts/LongText";
import { Refused } from "../../../parts/Refused";
import { useKeptText } from "../../../parts/useKeptText";
import { useActionId, useOnce } from "../../../parts/useOnce";
import { useSession } from "../../../session/session";
import { plain } from "../../../words/plain";
import { today } from "../../../words/time";
import { longest, problemsOf, requestOf, usual, type Answers, type Problems } from "./decisionRequest";

type Props = { accessCase: AccessCase; detail: GetSubmissionDetailResponse; onDone: () => Promise<unknown> };

/** The second person decides: access is lifted for a time, or stays restricted. */
export function DecisionForm({ accessCase: c, detail, onDone }: Props) {
  const { person } = useSession();
  const [reason, setReason] = useKeptText(`risk/${c.submissionId}`, person);
  const [contact, setContact] = useKeptText(`risk-contact/${c.submissionId}`, person);
  const [own, setOwn] = useState<Omit<Answers, "reason" | "contact">>({ minutes: "", crn: "", contactedOn: "", contactedAt: "" });
  const [problems, setProblems] = useState<Problems>({});
  const [asking, setAsking] = useState(false);
  const record = useMutation(RestrictedAccessService.method.recordRiskAssessment);
  const actionId = useActionId();
  const answers: Answers = { ...own, reason, contact };
  // Of a search that left several, the decision names one.
  const candidates = c.crn ? [] : detail.candidates.filter((x) => x.restricted).map((x) => x.crn);
  const lifts = own.decision === RiskDecision.LIFT;
  const change = (part: Partial<typeof own>) => setOwn((before) => ({ ...before, ...part }));
  const send = useOnce(async () => {
    const content = requestOf(answers, c);
    await record.mutateAsync({ ...content, actionId: actionId(content) });
    setReason("");
    setContact("");
    await onDone();
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const found = problemsOf(answers, c, candidates);
    setProblems(found);
    setAsking(Object.keys(found).length === 0);
  };
  return (
    <form aria-label="Risk assessment" noValidate onSubmit={submit}>
      <Stack gap={1}>
        <ControlGroup block invalid={Boolean(problems.decision)} label="Your decision" message={problems.decision} required>
          <Radio checked={lifts} name="risk" onChange={() => change({ decision: RiskDecision.LIFT })}>
            Lift access for {c.requester}, for a time
          </Radio>
          <Radio checked={own.decision === RiskDecision.KEEP} name="risk" onChange={() => change({ decision: RiskDecision.KEEP })}>
            Keep access restricted
          </Radio>
        </ControlGroup>
        {lifts && candidates.length > 0 && (
          <ControlGroup block invalid={Boolean(problems.crn)} label="Which record?" message={problems.crn} required>
            {candidates.map((crn) => (
              <Radio checked={own.crn === crn} key={crn} name="record" onChange={() => change({ crn })}>
                {crn}
              </Radio>
            ))}
          </ControlGroup>
        )}
        {lifts && (
          <TextInput
            hint={`1 to ${longest}; ${usual} when left empty. It ends by itself.`}
            inputMode="numeric"
            invalid={Boolean(problems.minutes)}
            label="For how many minutes"
            maxWidth="sm"
            message={problems.minutes}
            onChange={(e) => change({ minutes: e.target.value })}
            value={own.minutes}
          />
        )}
        <LongText label="Why you decide so" most={4000} onChange={setReason} problem={problems.reason} required rows={3} value={reason} />
        <Text as="p">
          {c.customerAware
            ? "The customer knows of the request. If you contacted the customer, say so."
            : "The customer does not know of the request: access can be lifted only after you have contacted the customer."}
        </Text>
        <Flex flexWrap="wrap" gap={1}>
          <TextInput
            invalid={Boolean(problems.contactedOn)}
            label="Customer contacted on"
            message={problems.contactedOn}
            onChange={(e) => change({ contactedOn: e.target.value })}
            required={lifts && !c.customerAware}
            type="date"
            value={own.contactedOn}
          />
          <TextInput
            invalid={Boolean(problems.contactedAt)}
            label="At"
            message={problems.contactedAt}
            onChange={(e) => change({ contactedAt: e.target.value, ...(!own.contactedOn && { contactedOn: today() }) })}
            required={lifts && !c.customerAware}
            type="time"
            value={own.contactedAt}
          />
        </Flex>
        <TextInput
          block
          invalid={Boolean(problems.contact)}
          label="How the customer was contacted"
          message={problems.contact}
          onChange={(e) => setContact(plain(e.target.value))}
          required={lifts && !c.customerAware}
          value={contact}
        />
        <Refused error={record.isPending ? null : record.error} />
        <Button alignSelf="flex-start" loading={record.isPending} type="submit">
          Record the decision
        </Button>
      </Stack>
      <Confirm
        doIt={lifts ? "Lift access" : "Keep it restricted"}
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false);
          void send();
        }}
        text={
          lifts
            ? `${c.requester} can open the record for ${Number(own.minutes) || usual} minutes. You can end that early; what was seen cannot be unseen.`
            : "The case is closed, and nothing is disclosed to the authority. The officer can ask again only with a new case."
        }
        title={lifts ? "Lift access to the record?" : "Keep access restricted?"}
      />
    </form>
  );
}
