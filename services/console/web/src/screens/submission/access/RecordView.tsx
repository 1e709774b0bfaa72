import { Button } from "@ag.ds-next/react/button";
import { ControlGroup } from "@ag.ds-next/react/control-group";
import { H3 } from "@ag.ds-next/react/heading";
import { Radio } from "@ag.ds-next/react/radio";
import { Stack } from "@ag.ds-next/react/stack";
import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { Jurisdiction } from "../../../gen/noticehub/event/v1/vocabulary_pb";
import type { GetSubmissionDetailResponse } from "../../../gen/noticehub/processing/v1/queue_pb";
import { RestrictedAccessService, type AccessCase, type ViewRestrictedRecordResponse } from "../../../gen/noticehub/processing/v1/restricted_pb";
import type { Address, Name, Payment } from "../../../gen/noticehub/registry/v1/registry_pb";
import { Facts } from "../../../parts/Facts";
import { TimeLeft } from "../../../parts/TimeLeft";
import { addressTypeWords, codeWords, money } from "../../../words/customer";
import { day } from "../../../words/time";
import { measureWords } from "../../../words/vocabulary";
import { Notices } from "../Notices";
import { WhyForm } from "../../../parts/WhyForm";

type Props = { accessCase: AccessCase; detail: GetSubmissionDetailResponse; onDone: () => Promise<unknown> };

/**
 * Opens the restricted record, with a reason that is kept. What came is on the
 * screen only: no cache keeps it, and it goes when the lift's time is over.
 */
export function RecordView({ accessCase: c, detail, onDone }: Props) {
  const [crn, setCrn] = useState("");
  const [record, setRecord] = useState<ViewRestrictedRecordResponse>();
  const view = useMutation(RestrictedAccessService.method.viewRestrictedRecord, { gcTime: 0 });
  const candidates = c.crn ? [] : detail.candidates.filter((x) => x.restricted).map((x) => x.crn);
  const hide = () => {
    setRecord(undefined);
    view.reset();
  };
  if (record) {
    return (
      <Stack gap={1}>
        <H3 fontSize="md">The restricted record</H3>
        {record.until && (
          <TimeLeft
            onOver={() => {
              hide();
              void onDone();
            }}
            until={record.until}
          />
        )}
        <Record shown={record} />
        {record.notices.length > 0 && <Notices notices={record.notices} />}
        <Button alignSelf="flex-start" onClick={hide} variant="secondary">
          Close the record
        </Button>
      </Stack>
    );
  }
  return (
    <WhyForm
      doIt="Open the record"
      error={view.error}
      hint="The look and its reason are on record."
      label="Why you look at the record now"
      most={1000}
      name={`view/${c.submissionId}`}
      pending={view.isPending}
      send={async (reason) => {
        const answer = await view.mutateAsync({ submissionId: c.submissionId, reason, crn: candidates.length > 0 ? crn : "" });
        view.reset();
        setRecord(answer);
      }}
    >
      {candidates.length > 0 && (
        <ControlGroup block label="Which record?" required>
          {candidates.map((x) => (
            <Radio checked={crn === x} key={x} name="look" onChange={() => setCrn(x)}>
              {x}
            </Radio>
          ))}
        </ControlGroup>
      )}
    </WhyForm>
  );
}

function Record({ shown: { customer: c } }: { shown: ViewRestrictedRecordResponse }) {
  if (!c) return null;
  return (
    <Facts
      facts={[
        ["CRN", c.crn],
        ["Name", nameOf(c.name)],
        ["Other names", c.aliases.map(nameOf).join("; ")],
        ["Date of birth", day(c.dateOfBirth)],
        ["Gender", c.gender && codeWords(c.gender)],
        ["Date of death", c.dateOfDeath && day(c.dateOfDeath)],
        ...c.addresses.map((a): [string, string] => [addressTypeWords[a.type], addressOf(a)]),
        ["Payments", c.payments.map(paymentOf).join("; ") || "None"],
        ["Payment nominee", c.nominee && [codeWords(c.nominee.kind), c.nominee.crn].filter(Boolean).join(", ")],
        ["Partner", c.partnerCrn],
        ["Children", c.children.length > 0 ? c.children.map((x) => `${x.givenName}, born ${day(x.dateOfBirth)}${x.familyTaxBenefit ? " (Family Tax Benefit)" : ""}`).join("; ") : ""],
        ["Measure outside the register", c.otherMeasure ? measureWords[c.otherMeasure] : ""],
      ]}
    />
  );
}

const nameOf = (n: Name | undefined) => (n ? [n.familyName, n.givenName].filter(Boolean).join(", ") : "");
const addressOf = (a: Address) => [a.street, a.locality, a.state ? Jurisdiction[a.state] : "", a.postcode].filter(Boolean).join(", ");
const paymentOf = (p: Payment) => `${codeWords(p.code)}${p.stopped ? " (stopped)" : ` ${money(p.fortnightlyCents)} a fortnight`}`;
