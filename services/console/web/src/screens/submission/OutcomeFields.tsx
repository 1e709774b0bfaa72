import { Checkbox } from "@ag.ds-next/react/checkbox";
import { ControlGroup } from "@ag.ds-next/react/control-group";
import { Radio } from "@ag.ds-next/react/radio";
import { TextInput } from "@ag.ds-next/react/text-input";
import { Text } from "@ag.ds-next/react/text";
import { NoticeState, Outcome } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { GetSubmissionDetailResponse } from "../../gen/noticehub/processing/v1/queue_pb";
import { noticeStateWords } from "../../words/vocabulary";
import { periodOf } from "./Notices";
import { codesPeriod, namesCustomer, type Answers, type Problems } from "./outcomeRequest";

type Props = { answers: Answers; change: (part: Partial<Answers>) => void; detail: GetSubmissionDetailResponse; problems: Problems };

/** What the chosen outcome needs besides its note: the customer, the register's change. */
export function OutcomeFields({ answers: a, change, detail, problems }: Props) {
  return (
    <>
      {namesCustomer(a.outcome, detail.summary?.reasons ?? []) && <Customer answers={a} change={change} detail={detail} problems={problems} />}
      {codesPeriod(a.outcome) && <Period answers={a} change={change} detail={detail} problems={problems} />}
      {a.outcome === Outcome.REVOKED && <Revocation answers={a} change={change} detail={detail} problems={problems} />}
    </>
  );
}

function Customer({ answers: a, change, detail, problems }: Props) {
  const choose = a.outcome === Outcome.MATCHED && detail.candidates.length > 0;
  return (
    <>
      {choose && (
        <ControlGroup block invalid={Boolean(problems.crn) && a.candidate === undefined} label="Which customer is it?" message={problems.crn} required>
          {detail.candidates.map((c, i) => (
            <Radio checked={a.candidate === i} key={c.crn} name="candidate" onChange={() => change({ candidate: i })}>
              {c.crn}
              {c.name ? `, ${c.name}` : ""}
            </Radio>
          ))}
          <Radio checked={a.candidate === -1} name="candidate" onChange={() => change({ candidate: -1 })}>
            Another customer
          </Radio>
        </ControlGroup>
      )}
      {(!choose || a.candidate === -1) && (
        <TextInput
          autoComplete="off"
          invalid={Boolean(problems.crn)}
          label="Customer’s CRN"
          maxLength={14}
          message={problems.crn}
          onChange={(e) => change({ crn: e.target.value })}
          required
          value={a.crn}
        />
      )}
    </>
  );
}

function Period({ answers: a, change, problems }: Props) {
  return (
    <>
      {a.outcome === Outcome.COMMENCED ? (
        <TextInput
          invalid={Boolean(problems.startDate)}
          label="First day of the notice"
          message={problems.startDate}
          onChange={(e) => change({ startDate: e.target.value })}
          required
          type="date"
          value={a.startDate}
        />
      ) : (
        <Text as="p">The continuation begins on the day after the current notice ends.</Text>
      )}
      <TextInput
        inputMode="numeric"
        invalid={Boolean(problems.months)}
        label="Length in months"
        maxWidth="sm"
        message={problems.months}
        onChange={(e) => change({ months: e.target.value })}
        required
        value={a.months}
      />
      <TextInput
        hint="Leave it empty to take the lodged one."
        inputMode="numeric"
        invalid={Boolean(problems.percent)}
        label="Share quarantined, in percent"
        maxWidth="sm"
        message={problems.percent}
        onChange={(e) => change({ percent: e.target.value })}
        value={a.percent}
      />
    </>
  );
}

function Revocation({ answers: a, change, detail, problems }: Props) {
  const living = detail.notices.filter(
    (n) => n.authorityId === detail.summary?.authorityId && (n.state === NoticeState.ACTIVE || n.state === NoticeState.INACTIVE),
  );
  if (living.length === 0) return <Text as="p">Nothing of this authority is left to revoke: the outcome records what is true already.</Text>;
  return (
    <ControlGroup
      block
      hideOptionalLabel
      hint="Each one you choose goes to Revoked. Leave all empty when what had to be revoked is revoked already."
      label="Notices to revoke now"
      message={problems.notices}
    >
      {living.map((n) => (
        <Checkbox
          checked={a.notices.includes(n.noticeId)}
          key={n.noticeId}
          onChange={(e) => change({ notices: e.target.checked ? [...a.notices, n.noticeId] : a.notices.filter((x) => x !== n.noticeId) })}
        >
          {periodOf(n)}: {noticeStateWords[n.state]}
        </Checkbox>
      ))}
    </ControlGroup>
  );
}
