import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { startOf, today } from "../../words/time";

/**
 * Whether what an officer holds runs out today: the claim does, or today is the
 * last day it is set aside (on hold_until itself it is in the queue again).
 */
export function isDueToday(s: SubmissionSummary): boolean {
  const tomorrow = startOf(today(), 1);
  if (tomorrow === undefined) return false;
  if (s.holdUntil) return (startOf(s.holdUntil) ?? Number.POSITIVE_INFINITY) <= tomorrow;
  return s.claimExpiresAt !== undefined && timestampMs(s.claimExpiresAt) < tomorrow;
}
