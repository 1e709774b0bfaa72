import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { Stack } from "@ag.ds-next/react/stack";
import type { Delivery } from "../../gen/noticehub/advice/v1/report_pb";
import { deliveryTones, deliveryWords } from "../../words/reports";

/** Where a report stands, with overdue beside it: a badge has its words, not only a colour. */
export function Standing({ delivery: d }: { delivery: Delivery }) {
  return (
    <Stack alignItems="flex-start" gap={0.25}>
      {d.overdue && <StatusBadge label="Overdue" tone="errorHigh" />}
      <StatusBadge label={deliveryWords[d.state]} tone={deliveryTones[d.state]} />
    </Stack>
  );
}
