import { Text } from "@ag.ds-next/react/text";
import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { useEffect, useEffectEvent } from "react";
import { moment } from "../words/time";
import { span } from "../words/clock";
import { useNow } from "./useNow";

/** Counts down to an instant, and says once that it has come. A screen reader asks for it; it is not told every second. */
export function TimeLeft({ until, onOver }: { until: Timestamp; onOver?: () => void }) {
  const left = timestampMs(until) - useNow();
  const over = left <= 0;
  const tell = useEffectEvent(() => onOver?.());
  useEffect(() => {
    if (over) tell();
  }, [over]);
  return (
    <Text fontWeight={left < 5 * 60_000 ? "bold" : "normal"} role="timer">
      {over ? `Over since ${moment(until)}` : `${span(left)} left, until ${moment(until)}`}
    </Text>
  );
}
