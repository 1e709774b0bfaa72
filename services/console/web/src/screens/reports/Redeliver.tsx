import { Button } from "@ag.ds-next/react/button";
import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { ReportService, type Delivery } from "../../gen/noticehub/advice/v1/report_pb";
import { ReasonDialog } from "../../parts/ReasonDialog";
import { useActionId, useOnce } from "../../parts/useOnce";
import { day } from "../../words/time";

/** Offers a sealed report to its authority again. */
export function Redeliver({ delivery: d, onDone }: { delivery: Delivery; onDone: () => Promise<unknown> }) {
  const [asking, setAsking] = useState(false);
  const redeliver = useMutation(ReportService.method.redeliverReport);
  const actionId = useActionId();
  const of = { authorityId: d.authorityId, reportDate: d.reportDate };
  const send = useOnce(async (reason: string, done: () => void) => {
    // A second time after the first has its own number of redeliveries: another action.
    await redeliver.mutateAsync({ ...of, reason, actionId: actionId({ ...of, reason, after: d.redeliveries }) });
    done();
    setAsking(false);
    await onDone();
  });
  return (
    <Stack alignItems="flex-start" gap={0.5}>
      <H2 fontSize="lg">Offer it again</H2>
      <Text as="p">For an authority that missed or lost its report. The bytes stay as they were sealed.</Text>
      <Button
        onClick={() => {
          redeliver.reset();
          setAsking(true);
        }}
        variant="secondary"
      >
        Redeliver the report
      </Button>
      {asking && (
        <ReasonDialog
          busy={redeliver.isPending}
          doIt={`Redeliver to ${d.authorityId}`}
          error={redeliver.error}
          hint="It stays on record."
          name={`redeliver/${d.authorityId}/${d.reportDate}`}
          onClose={() => setAsking(false)}
          onConfirm={async (reason) => {
            let done = false;
            await send(reason, () => (done = true));
            return done;
          }}
          title={`Redeliver the report of ${day(d.reportDate)} to ${d.authorityId}?`}
        >
          <Text as="p">
            It will count as not delivered and not acknowledged until {d.authorityId} fetches and acknowledges it anew, and the authority is told. This cannot be
            undone from here.
          </Text>
        </ReasonDialog>
      )}
    </Stack>
  );
}
