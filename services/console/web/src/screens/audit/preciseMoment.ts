import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { moment } from "../../words/time";

/** "Sun 22 Nov 2026, 3:04 pm AEDT, 07.123 s": the log is read to the millisecond. */
export function preciseMoment(t: Timestamp | undefined): string {
  if (!t) return "";
  // Seconds are the same in every zone.
  return `${moment(t)}, ${((timestampMs(t) % 60_000) / 1000).toFixed(3).padStart(6, "0")} s`;
}
