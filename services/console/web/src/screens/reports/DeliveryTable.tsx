import { Button } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { useState } from "react";
import { reportPath } from "../../app/routes";
import type { Delivery } from "../../gen/noticehub/advice/v1/report_pb";
import { Sheet } from "../../parts/Sheet";
import { dateOf, day, timeOfDay } from "../../words/time";
import { Standing } from "./Standing";

/** How many rows are drawn before more are asked for. */
const atOnce = 100;

/** The zone stands with the cut-off above the table, and the whole time on the report. */
const short = (t: Timestamp | undefined) => (t ? `${day(dateOf(t))}, ${timeOfDay(t)}` : "–");

const heads = [
  "Report",
  "Stands",
  { text: "Lines", right: true },
  { text: "Sealed", wide: true },
  { text: "Delivered", wide: true },
  { text: "Acknowledged", wide: true },
];

/** One row for each authority and business day. Why one is overdue, and on a phone the times, are on the report itself. */
export function DeliveryTable({ deliveries, labelledBy }: { deliveries: Delivery[]; labelledBy: string }) {
  const [most, setMost] = useState(atOnce);
  const rows = deliveries.slice(0, most).map((d) => ({
    key: `${d.authorityId}/${d.reportDate}`,
    cells: [
      <Stack gap={0.25}>
        <TextLink href={reportPath(d.authorityId, d.reportDate)}>
          {d.authorityId}, {day(d.reportDate)}
        </TextLink>
        {d.redeliveries > 0 && (
          <Text color="muted" fontSize="xs">
            offered again {d.redeliveries === 1 ? "once" : `${d.redeliveries} times`}
          </Text>
        )}
      </Stack>,
      <Standing delivery={d} />,
      String(d.lines),
      short(d.report?.sealedAt),
      short(d.report?.deliveredAt),
      short(d.report?.acknowledgedAt),
    ],
  }));
  return (
    <Stack alignItems="flex-start" gap={1}>
      <Sheet heads={heads} labelledBy={labelledBy} rows={rows} />
      {deliveries.length > most && (
        <Button onClick={() => setMost(most + atOnce)} variant="secondary">
          Show more ({deliveries.length - most} are left)
        </Button>
      )}
    </Stack>
  );
}
