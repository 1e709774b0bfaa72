import { H2 } from "@ag.ds-next/react/heading";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import type { ReactNode } from "react";
import type { Customer } from "../../gen/noticehub/registry/v1/registry_pb";
import { Facts } from "../../parts/Facts";
import { useSession } from "../../session/session";
import { addressTypeWords } from "../../words/customer";
import { day, today } from "../../words/time";
import { measureWords } from "../../words/vocabulary";
import { addressText, fullName, nameOf, yearsBetween } from "./names";

const genders: Record<string, string> = { F: "Female", M: "Male", X: "Another term" };

export function Identity({ customer: c, timeLeft }: { customer: Customer; timeLeft: ReactNode }) {
  const session = useSession();
  const until = c.dateOfDeath || today();
  return (
    <section aria-labelledby="identity">
      <Stack gap={1}>
        <H2 fontSize="lg" id="identity">
          Who it is
        </H2>
        {c.dateOfDeath && (
          <SectionAlert title={`Recorded as deceased on ${day(c.dateOfDeath)}`} tone="warning">
            <Text as="p">Only the IMPACT team acts on this record.</Text>
          </SectionAlert>
        )}
        {c.restrictedAccess && (
          <SectionAlert title="Access to this record is restricted" tone="warning">
            <Text as="p">
              {session.roles.includes("restricted-access-officer")
                ? "You see it as Restricted Access officer, for the reason you gave."
                : "Access is lifted for you to decide a submission. Look at nothing else, and reinstate access when you are done."}
            </Text>
            {timeLeft}
          </SectionAlert>
        )}
        <Facts
          facts={[
            ["CRN", c.crn],
            ["Name", nameOf(c) || "Not shown to your role"],
            ["Other names", c.aliases.map(fullName).filter(Boolean).join("; ")],
            ["Date of birth", c.dateOfBirth && `${day(c.dateOfBirth)} (${c.dateOfDeath ? "was" : "is"} ${yearsBetween(c.dateOfBirth, until)})`],
            ["Gender", genders[c.gender] ?? ""],
            ...c.addresses.map((a): [string, string] => [addressTypeWords[a.type], addressText(a)]),
            ["Address", c.addresses.length === 0 ? "None is recorded" : ""],
            ["Office", c.office],
            ["Measure", c.registerMeasure ? `${measureWords[c.registerMeasure]} (notice register)` : c.otherMeasure ? `${measureWords[c.otherMeasure]} (outside the register)` : "None in force"],
          ]}
        />
      </Stack>
    </section>
  );
}
