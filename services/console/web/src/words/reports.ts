import { DeliveryState } from "../gen/noticehub/advice/v1/report_pb";

/** Where a daily report stands, in words that say what comes next. */
export const deliveryWords: Record<DeliveryState, string> = {
  [DeliveryState.UNSPECIFIED]: "Not known",
  [DeliveryState.COLLECTING]: "Collecting",
  [DeliveryState.SEALING]: "Being sealed",
  [DeliveryState.SEALED]: "Sealed, not fetched",
  [DeliveryState.DELIVERED]: "Delivered, not acknowledged",
  [DeliveryState.ACKNOWLEDGED]: "Acknowledged",
};

export const deliveryTones = {
  [DeliveryState.UNSPECIFIED]: "unknownLow",
  [DeliveryState.COLLECTING]: "notStartedLow",
  [DeliveryState.SEALING]: "inProgressLow",
  [DeliveryState.SEALED]: "infoLow",
  [DeliveryState.DELIVERED]: "infoLow",
  [DeliveryState.ACKNOWLEDGED]: "successLow",
} as const satisfies Record<DeliveryState, string>;

/** "4 h 12 min 09 s", "12 min 09 s"; "now" when nothing is left. */
export function leftWords(ms: number): string {
  if (ms <= 0) return "now";
  const s = Math.ceil(ms / 1000);
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  return `${h ? `${h} h ` : ""}${h || m ? `${m} min ` : ""}${String(s % 60).padStart(2, "0")} s`;
}

/** "12 lines", "1 line", "no lines". */
export const linesWords = (n: bigint) => (n === 0n ? "no lines" : `${n} line${n === 1n ? "" : "s"}`);

export function sizeWords(bytes: bigint): string {
  const n = Number(bytes);
  return n < 1000 ? `${n} bytes` : n < 1_000_000 ? `${(n / 1000).toFixed(1)} kB` : `${(n / 1_000_000).toFixed(1)} MB`;
}
