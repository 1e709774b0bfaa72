import { useQuery } from "@connectrpc/connect-query";
import { QueueService } from "../../gen/noticehub/processing/v1/queue_pb";
import { attentive } from "../../session/attention";

/**
 * The queue in numbers, looked at again every few seconds while somebody is at the
 * screen. It names no customer, so that looking leaves no entry in the audit log;
 * screens take it as the sign that something changed.
 */
export const useQueueCount = () =>
  useQuery(QueueService.method.countQueue, {}, { refetchInterval: () => (attentive() ? 5_000 : false), refetchOnWindowFocus: () => (attentive() ? "always" : false) });
