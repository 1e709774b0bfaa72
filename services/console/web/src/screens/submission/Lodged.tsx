import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import type { ReactNode } from "react";
import { Jurisdiction } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { Address, CustomerIdentity, PersonName, Submission } from "../../gen/noticehub/intake/v1/intake_pb";
import type { GetSubmissionDetailResponse } from "../../gen/noticehub/processing/v1/queue_pb";
import { Facts } from "../../parts/Facts";
import { Words } from "../../parts/Words";
import { day } from "../../words/time";
import { genderWords } from "../../words/vocabulary";

type Fact = [string, ReactNode];

/** What the authority lodged, as it lodged it. */
export function Lodged({ detail }: { detail: GetSubmissionDetailResponse }) {
  return (
    <Stack gap={1}>
      <H2 fontSize="lg">What was lodged</H2>
      {detail.submission ? (
        <Facts facts={factsOf(detail.submission)} />
      ) : (
        <Text as="p">
          It is not shown: it is removed from the queue once a submission is decided, and left out where access to the record is restricted or your role does
          not need it.
        </Text>
      )}
    </Stack>
  );
}

function factsOf({ content }: Submission): Fact[] {
  switch (content.case) {
    case "findMutualClient": {
      const c = content.value;
      return [
        ["Name", nameOf(c.name)],
        ["Other names", c.aliases.map(nameOf).join("; ")],
        ["Date of birth", day(c.dateOfBirth)],
        ["Gender", c.gender ? genderWords[c.gender] : ""],
        ["Address", addressOf(c.address)],
        ["CRN", c.crn],
      ];
    }
    case "disclosure":
      return customerOf(content.value.customer);
    case "noticeToCommence": {
      const c = content.value;
      return [
        ...customerOf(c.customer),
        ["Start", day(c.startDate)],
        ["Length", `${c.durationMonths} months`],
        ["Share quarantined", c.quarantinedPercent ? `${c.quarantinedPercent} %` : "As the measure has it"],
        ["Text", c.text && <Words key="text" text={c.text} />],
      ];
    }
    case "noticeToRevoke":
    case "voluntaryReferral":
      return [...customerOf(content.value.customer), ["Text", content.value.text && <Words key="text" text={content.value.text} />]];
    default:
      return [["Content", "It cannot be read by this version of the console."]];
  }
}

export const nameOf = (n: PersonName | undefined) => (n ? [n.familyName, n.givenName].filter(Boolean).join(", ") : "");

export function addressOf(a: Address | undefined): string {
  if (!a) return "";
  return [a.street, a.locality, a.state ? Jurisdiction[a.state] : "", a.postcode].filter(Boolean).join(", ");
}

function customerOf(c: CustomerIdentity | undefined): Fact[] {
  return c ? [["CRN", c.crn], ["Family name", c.familyName], ["Date of birth", day(c.dateOfBirth)]] : [];
}
