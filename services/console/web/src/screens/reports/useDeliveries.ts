import type { MessageInitShape } from "@bufbuild/protobuf";
import { useQuery } from "@connectrpc/connect-query";
import { useRef } from "react";
import { ReportService, type ListDeliveriesRequestSchema } from "../../gen/noticehub/advice/v1/report_pb";
import { watching } from "../../live/pause";
import { useStream } from "../../live/useStream";

/** A report becomes overdue, or its cut-off passes, without anybody doing anything. */
const lookEvery = 15_000;

/**
 * Deliveries as they stand now. They name no customer: they are read again as soon
 * as the hub tells of a change, and every few seconds for what only time changes.
 */
export function useDeliveries(request: MessageInitShape<typeof ListDeliveriesRequestSchema>) {
  const deliveries = useQuery(ReportService.method.listDeliveries, request, {
    refetchOnMount: "always",
    refetchInterval: () => (watching() ? lookEvery : false),
  });
  const seen = useRef<bigint>(undefined);
  const live = useStream(
    ReportService.method.watchReports,
    {},
    ({ changes }) => {
      // Also after a pause, in which something may have changed.
      if (seen.current !== changes && seen.current !== undefined) void deliveries.refetch();
      seen.current = changes;
    },
    () => deliveries.data && void deliveries.refetch(),
  );
  return { deliveries, live };
}
