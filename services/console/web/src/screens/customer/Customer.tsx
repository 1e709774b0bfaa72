import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { PageAlert } from "@ag.ds-next/react/page-alert";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { useQuery } from "@connectrpc/connect-query";
import { useEffect, useRef, useState } from "react";
import { navigate, useLocationProperty } from "wouter/use-browser-location";
import { faultOf, sortOf } from "../../api/fault";
import { customerPath } from "../../app/routes";
import { ScreenTitle } from "../../app/ScreenTitle";
import { RegistryService } from "../../gen/noticehub/registry/v1/registry_pb";
import { crnProblem, normalCrn } from "../../parts/crn";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { TimeLeft } from "../../parts/TimeLeft";
import { CrnSearch } from "./CrnSearch";
import { CustomerRecord } from "./CustomerRecord";
import { nameOf } from "./names";
import { Restricted } from "./Restricted";

/** Set while the officer's search is what the screen answers: its heading then takes the focus. */
let searched = false;

function open(crn: string) {
  searched = true;
  navigate(customerPath(crn));
}

/** One customer's record. The CRN stands behind "#", which browsers send nowhere; titles, which they keep, name nobody. */
export function Customer() {
  const hash = useLocationProperty(() => location.hash);
  const asked = (new URLSearchParams(hash.replace(/^#/, "")).get("crn") ?? "").slice(0, 40);
  const crn = normalCrn(asked);
  const problem = asked && crnProblem(crn);
  return (
    <Stack gap={1.5}>
      {(!crn || problem) && <ScreenTitle name="Customer">Customer</ScreenTitle>}
      {(!crn || problem) && <CrnSearch key={asked} onOpen={open} problem={problem} text={asked} />}
      {!crn && <Text as="p">Every look at a record is kept in the audit log with your name.</Text>}
      {crn && !problem && <Found crn={crn} key={crn} />}
    </Stack>
  );
}

function Found({ crn }: { crn: string }) {
  const record = useQuery(RegistryService.method.getCustomer, { crn }, { refetchOnMount: "always", gcTime: 0 });
  const fault = record.error ? faultOf(record.error) : undefined;
  // What was shown of a restricted record goes with the time it was open for.
  const [over, setOver] = useState(false);
  const customer = over || fault?.reason === "RESTRICTED_ACCESS" ? undefined : record.data?.customer;
  const until = record.data?.openUntil;
  const heading = useRef<HTMLDivElement>(null);
  const focus = () => heading.current?.querySelector("h1")?.focus();
  useEffect(() => {
    if (!customer) return;
    if (searched) focus();
    searched = false;
  }, [customer]);
  const read = async () => {
    const { isSuccess } = await record.refetch();
    if (!isSuccess) return;
    setOver(false);
    focus();
  };
  const close = () => {
    setOver(true);
    focus();
  };
  return (
    <>
      <div ref={heading}>
        <ScreenTitle name="Customer">{customer ? nameOf(customer) || `Customer ${crn}` : "Customer"}</ScreenTitle>
      </div>
      <CrnSearch onOpen={(c) => (c === crn ? void read() : open(c))} text={crn} />
      {record.isPending && <Loading what="the record" />}
      {over ? (
        <Restricted crn={crn} onOpened={read} over />
      ) : (
        fault && !customer && <NotShown crn={crn} error={record.error} onOpened={read} onRetry={() => void read()} />
      )}
      {fault && customer && (
        <SectionAlert role="alert" title="The record could not be read again" tone="error">
          <Text as="p">What is shown is as it was. Open it again in a moment.</Text>
        </SectionAlert>
      )}
      {customer && <CustomerRecord customer={customer} reload={() => record.refetch()} timeLeft={until && <TimeLeft onOver={close} until={until} />} />}
    </>
  );
}

type Missing = { crn: string; error: unknown; onOpened: () => Promise<unknown>; onRetry: () => void };

function NotShown({ crn, error, onOpened, onRetry }: Missing) {
  const fault = faultOf(error);
  if (fault.reason === "RESTRICTED_ACCESS") return <Restricted crn={crn} onOpened={onOpened} />;
  if (sortOf(fault) !== "not-found") return <Failed error={error} onRetry={onRetry} what="The record" />;
  return (
    <PageAlert role="alert" title="No customer has this CRN" tone="warning">
      <Text as="p">The registry has no record of {crn}. Check each digit and the letter against the letter or the card they come from.</Text>
    </PageAlert>
  );
}
