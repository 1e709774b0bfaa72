import { Button } from "@ag.ds-next/react/button";
import { Checkbox } from "@ag.ds-next/react/checkbox";
import { ControlGroup } from "@ag.ds-next/react/control-group";
import { Radio } from "@ag.ds-next/react/radio";
import { TextInput } from "@ag.ds-next/react/text-input";
import { Text } from "@ag.ds-next/react/text";
import { Outcome } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { GetSubmissionDetailResponse } from "../../gen/noticehub/processing/v1/queue_pb";
import { Refused } from "../../parts/Refused";
import { day } from "../../words/time";
import { noticeStateWords } from "../../words/vocabulary";
import { Criteria } from "./Criteria";
import { periodOf } from "./Notices";
import { codesPeriod, judgesEligibility, namesCustomer, type Answers, type Problems } from "./outcomeRequest";
import { previewOf, revocable } from "./register";
import { RegisterPreview } from "./RegisterPreview";
import { useNotices, type Notices } from "./useNotices";

type Props = { answers: Answers; change: (part: Partial<Answers>) => void; detail: GetSubmissionDetailResponse; problems: Problems };

/** What the chosen outcome needs besides its note: the customer, the criteria, the register's change. */
export function OutcomeFields({ answers: a, change, detail, problems }: Props) {
  const register = useNotices(a, detail);
  const preview = register.notices && previewOf(a, detail, register.notices);
  const props = { answers: a, change, detail, problems };
  return (
    <>
      {namesCustomer(a.outcome, detail.summary?.reasons ?? []) && <Customer {...props} />}
      {judgesEligibility(a.outcome) && <Criteria checked={a.checked} detail={detail} onChange={(checked) => change({ checked })} problem={problems.criteria} />}
      {codesPeriod(a.outcome) && <Period {...props} />}
      {(codesPeriod(a.outcome) || a.outcome === Outcome.REVOKED) && !register.notices && <LookUp register={register} />}
      {a.outcome === Outcome.REVOKED && register.notices && <Revocation {...props} register={register} />}
      {preview && <RegisterPreview preview={preview} />}
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
          hint="It is not kept in drafts."
          invalid={Boolean(problems.crn)}
          label="Customer’s CRN"
          maxLength={20}
          message={problems.crn}
          onChange={(e) => change({ crn: e.target.value })}
          required
          value={a.crn}
        />
      )}
    </>
  );
}

function Period({ answers: a, change, detail, problems }: Props) {
  const content = detail.submission?.content;
  const lodged = content?.case === "noticeToCommence" ? content.value : undefined;
  return (
    <>
      {a.outcome === Outcome.COMMENCED ? (
        <TextInput
          hint={lodged && `The authority asked for ${day(lodged.startDate)}.`}
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
        hint={lodged ? `Leave it empty to take the ${lodged.durationMonths} months asked for.` : undefined}
        inputMode="numeric"
        invalid={Boolean(problems.months)}
        label="Length in months"
        maxWidth="sm"
        message={problems.months}
        onChange={(e) => change({ months: e.target.value })}
        required={!lodged}
        value={a.months}
      />
      <TextInput
        hint={`Leave it empty to take ${lodged?.quarantinedPercent ? `the ${lodged.quarantinedPercent} % asked for` : "what the measure has"}.`}
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

function LookUp({ register: r }: { register: Notices }) {
  return (
    <>
      <Text as="p">What the register would look like afterwards is shown once you have named the customer and looked up the notices.</Text>
      {r.lookUp && (
        <Button alignSelf="flex-start" loading={r.pending} onClick={r.lookUp} variant="secondary">
          Look up the notices of {r.crn}
        </Button>
      )}
      <Refused error={r.pending ? null : r.error} />
    </>
  );
}

function Revocation({ answers: a, change, detail, problems, register }: Props & { register: Notices }) {
  const own = revocable(register.notices ?? [], detail.summary?.authorityId ?? "");
  if (own.length === 0) return <Text as="p">Nothing of this authority is left to revoke: the outcome records what is true already.</Text>;
  return (
    <ControlGroup
      block
      hideOptionalLabel
      hint="Each one you choose goes to Revoked. Leave all empty when what had to be revoked is revoked already."
      invalid={Boolean(problems.notices)}
      label="Notices to revoke now"
      message={problems.notices}
    >
      {own.map((n) => (
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
