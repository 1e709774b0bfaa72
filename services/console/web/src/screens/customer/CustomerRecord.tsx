/** @jsxImportSource @emotion/react */
import { Button } from "@ag.ds-next/react/button";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useState, type ReactNode } from "react";
import { routes } from "../../app/routes";
import { RegisterService } from "../../gen/noticehub/processing/v1/queue_pb";
import { CircumstanceService } from "../../gen/noticehub/registry/v1/changes_pb";
import { RegistryService, type Customer } from "../../gen/noticehub/registry/v1/registry_pb";
import { useReread } from "../../parts/useReread";
import { useSession } from "../../session/session";
import { timeOfDay } from "../../words/time";
import { Activities } from "./Activities";
import { Circumstances } from "./Circumstances";
import { Documents } from "./Documents";
import { Identity } from "./Identity";
import { OpenItems } from "./OpenItems";
import { Register } from "./Register";
import { useCustomerLive } from "./useCustomerLive";
import { Versions } from "./Versions";

/** Who may see the notice register and submissions (access.yaml). */
const seeRegister = ["contact-officer", "supervisor", "restricted-access-officer", "auditor"];

type Props = {
  customer: Customer;
  /** How long a restricted record stays open. */
  timeLeft: ReactNode;
  reload: () => Promise<unknown>;
};

/** The open items stay beside everything else: every contact with a customer shows them. */
export function CustomerRecord({ customer: c, timeLeft, reload }: Props) {
  const session = useSession();
  const reread = useReread();
  const { live, changedAt } = useCustomerLive(c.crn);
  const [read, setRead] = useState(0);
  const register = session.roles.some((r) => seeRegister.includes(r));
  const again = async () => {
    setRead(changedAt);
    await Promise.all([
      reload(),
      reread(RegisterService.method.listNotices, RegistryService.method.listDocuments, CircumstanceService.method.listCustomerVersions),
    ]);
  };
  return (
    <div css={{ display: "grid", gap: "2rem", gridTemplateColumns: "minmax(0, 1fr)", "@media (min-width: 75em)": { gridTemplateColumns: "minmax(0, 1fr) 20rem" } }}>
      <div
        css={{ "@media (min-width: 75em)": { gridColumn: 2, gridRow: 1, position: "sticky", top: "1rem", alignSelf: "start", maxHeight: "calc(100vh - 2rem)", overflowY: "auto" } }}
      >
        <OpenItems crn={c.crn} live={live} />
      </div>
      <div css={{ minWidth: 0, "@media (min-width: 75em)": { gridColumn: 1, gridRow: 1 } }}>
        <div aria-live="polite" css={{ "&:not(:empty)": { marginBottom: "1.5rem" } }}>
          {changedAt > read && (
            <SectionAlert title={`Work items changed at ${timeOfDay(timestampFromMs(changedAt))}`} tone="infoMedium">
              <Stack alignItems="flex-start" gap={0.5}>
                <Text as="p">They are up to date. The record, the register and the documents below may have changed with them.</Text>
                <Button onClick={() => void again()} size="sm" variant="secondary">
                  Read the record again
                </Button>
              </Stack>
            </SectionAlert>
          )}
        </div>
        <Stack gap={2}>
          <Identity customer={c} timeLeft={timeLeft} />
          {register ? (
            <Register crn={c.crn} />
          ) : (
            <Text as="p">The notice register and submissions are not open to your role: contact officers, supervisors, Restricted Access officers and auditors see them.</Text>
          )}
          {register && (
            <Text as="p">
              <TextLink href={`${routes.submissions}#crn=${encodeURIComponent(c.crn)}`}>Submissions about this customer</TextLink>
            </Text>
          )}
          <Circumstances customer={c} />
          <Versions crn={c.crn} />
          <Activities crn={c.crn} />
          <Documents crn={c.crn} />
        </Stack>
      </div>
    </div>
  );
}
