import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useState } from "react";
import { routes } from "../../app/routes";
import { ScreenTitle } from "../../app/ScreenTitle";
import type { Delivery } from "../../gen/noticehub/advice/v1/report_pb";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { NotOpen } from "../../parts/NotOpen";
import { Trail } from "../../parts/Trail";
import { mayAct, useSession } from "../../session/session";
import { day, startOf } from "../../words/time";
import { Content } from "./Content";
import { Lines } from "./Lines";
import { Redeliver } from "./Redeliver";
import { ReportFacts } from "./ReportFacts";
import { seeDeliveries } from "./Reports";
import { useDeliveries } from "./useDeliveries";

/** Who may see what is in a report: it names customers. */
const seeContent = ["contact-officer", "supervisor", "auditor"];

export function Report({ authority, date }: { authority: string; date: string }) {
  const { roles } = useSession();
  const title = `Daily report of ${authority}, ${day(date)}`;
  const open = roles.some((r) => seeDeliveries.includes(r));
  return (
    <Stack gap={2}>
      <Trail links={[{ label: "Home", href: routes.home }, { label: "Daily reports", href: routes.reports }, { label: `${authority}, ${day(date)}` }]} />
      <ScreenTitle name={title}>{title}</ScreenTitle>
      {!open ? (
        <NotOpen to="Contact officers, supervisors, auditors and administrators see them." what="Daily reports are" />
      ) : startOf(date) === undefined || authority.length > 40 ? (
        <NoReport />
      ) : (
        <Loaded authority={authority} date={date} />
      )}
    </Stack>
  );
}

function Loaded({ authority, date }: { authority: string; date: string }) {
  const { deliveries } = useDeliveries({ from: date, to: date, authorityId: authority });
  const delivery = deliveries.data?.deliveries[0];
  if (deliveries.isPending) return <Loading what="the report" />;
  if (!deliveries.data) return <Failed error={deliveries.error} onRetry={() => void deliveries.refetch()} what="The report" />;
  if (!delivery) return <NoReport />;
  return (
    <>
      {deliveries.error && <Text as="p">The hub does not answer now; this is what it said last.</Text>}
      <Shown delivery={delivery} onChanged={() => deliveries.refetch()} />
    </>
  );
}

function Shown({ delivery: d, onChanged }: { delivery: Delivery; onChanged: () => Promise<unknown> }) {
  const session = useSession();
  const [again, setAgain] = useState(false);
  const inside = session.roles.some((r) => seeContent.includes(r));
  return (
    <>
      {again && (
        <SectionAlert focusOnMount onClose={() => setAgain(false)} role="status" tabIndex={-1} title="Offered again" tone="success">
          <Text as="p">
            {d.authorityId} is told. The report counts as not delivered and not acknowledged until the authority fetches it anew; that shows here by itself.
          </Text>
        </SectionAlert>
      )}
      {d.overdue && (
        <SectionAlert title="This report is overdue" tone="error">
          <Text as="p">{d.advice}</Text>
        </SectionAlert>
      )}
      <ReportFacts delivery={d} />
      {d.report && mayAct(session) && (
        <Redeliver
          delivery={d}
          onDone={async () => {
            setAgain(true);
            await onChanged();
          }}
        />
      )}
      {!inside ? (
        <Text as="p">What stands in the report names customers: contact officers, supervisors and auditors see it.</Text>
      ) : (
        <>
          <Lines delivery={d} />
          {d.report && <Content report={d.report} />}
        </>
      )}
    </>
  );
}

function NoReport() {
  return (
    <Stack gap={1}>
      <Text as="p">There is no report of this authority for this day. Reports are for business days, from the day the authority takes part; the address may also be cut off.</Text>
      <Text as="p">
        <TextLink href={routes.reports}>See all daily reports</TextLink>
      </Text>
    </Stack>
  );
}
