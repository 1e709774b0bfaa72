import { Box } from "@ag.ds-next/react/box";
import { Text } from "@ag.ds-next/react/text";
import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { useEffect, useEffectEvent } from "react";
import { usePaused } from "../../live/pause";
import { Announce } from "../../parts/Announce";
import { useNow } from "../../parts/useNow";
import { leftWords } from "../../words/reports";
import { day, moment } from "../../words/time";

/** When a screen reader is told, in minutes before the cut-off. */
const told = [60, 30, 10, 5, 1];

/** How long outcomes are collected for the next daily reports, by the business clock. */
export function CountDown({ at, collectingFor, onOver }: { at: Timestamp; collectingFor: string; onOver: () => void }) {
  const left = timestampMs(at) - useNow();
  const paused = usePaused();
  const over = left <= 0;
  const tell = useEffectEvent(onOver);
  useEffect(() => {
    if (over) tell();
  }, [over]);
  const mark = told.findLast((m) => left <= m * 60_000);
  return (
    <Box>
      <Text as="p">
        {over ? (
          "The cut-off is over; the reports are being sealed."
        ) : (
          <>
            {!paused && (
              <Text as="span" fontWeight="bold" role="timer">
                {leftWords(left)}
              </Text>
            )}{" "}
            {paused ? "Until" : "left, until"} {moment(at)}. What is decided by then stands in the reports of {day(collectingFor)}.
          </>
        )}
      </Text>
      <Announce text={!over && mark ? `Report cut-off in less than ${mark === 1 ? "a minute" : `${mark} minutes`}` : ""} />
    </Box>
  );
}
