import { Checkbox } from "@ag.ds-next/react/checkbox";
import { ControlGroup } from "@ag.ds-next/react/control-group";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { customerPath } from "../../app/routes";
import { InformationType, RejectionReason } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { GetSubmissionDetailResponse, RuleVerdict } from "../../gen/noticehub/processing/v1/queue_pb";
import { partsOf } from "./verdict";

/** The criteria of eligibility of a disclosure, as the last decision saw them. */
export function criteriaOf(detail: GetSubmissionDetailResponse): RuleVerdict[] {
  if (detail.summary?.informationType !== InformationType.DISCLOSURE_OF_INFORMATION) return [];
  return detail.decisions.at(-1)?.verdicts.filter((v) => v.reason === RejectionReason.ELIGIBILITY_NO_RESULT) ?? [];
}

type Props = { detail: GetSubmissionDetailResponse; checked: string[]; onChange: (checked: string[]) => void; problem?: string };

/** Each criterion is looked at on the record and ticked; only then eligibility can be recorded. */
export function Criteria({ detail, checked, onChange, problem }: Props) {
  const criteria = criteriaOf(detail);
  const crn = detail.summary?.crn;
  if (criteria.length === 0) return null;
  return (
    <>
      <ControlGroup
        block
        hint="Look at each on the customer’s record now, not only at what was seen when it was decided."
        invalid={Boolean(problem)}
        label="Criteria of eligibility you have checked"
        message={problem}
        required
      >
        {criteria.map((v) => {
          const { rule, saw, result } = partsOf(v, detail.decisions.at(-1)?.verdicts);
          return (
            <Checkbox
              checked={checked.includes(v.rule)}
              key={v.rule}
              onChange={(e) => onChange(e.target.checked ? [...checked, v.rule] : checked.filter((r) => r !== v.rule))}
            >
              {rule} <strong>{answers[result]}</strong>
              {saw && ` (${saw})`}
            </Checkbox>
          );
        })}
      </ControlGroup>
      {crn && (
        <Text as="p">
          <TextLink href={customerPath(crn)}>See the record of {crn}</TextLink> (what you have ticked and written here is kept)
        </Text>
      )}
    </>
  );
}

const answers = { passed: "Yes.", failed: "No.", unknown: "Not known.", "not-evaluated": "Not evaluated." };
