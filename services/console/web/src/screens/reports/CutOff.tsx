import { Text } from "@ag.ds-next/react/text";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useEffect, useEffectEvent } from "react";
import type { ListDeliveriesResponse } from "../../gen/noticehub/advice/v1/report_pb";
import { useNow } from "../../parts/useNow";
import { leftWords } from "../../words/reports";
import { day, moment } from "../../words/time";

/** How long outcomes are collected for the next report, by the business clock. */
export function CutOff({ answer, onOver }: { answer: ListDeliveriesResponse; onOver: () => void }) {
  const at = answer.nextCutOffAt;
  const left = at ? timestampMs(at) - useNow() : 0;
  const over = left <= 0;
  const told = useEffectEvent(onOver);
  useEffect(() => {
    if (over) told();
  }, [over]);
  if (!at) return null;
  return (
    <Text as="p" fontSize="md">
      {over ? (
        <>The cut-off is over; the reports are being sealed.</>
      ) : (
        <>
          Next cut-off in{" "}
          <Text as="span" fontSize="md" fontWeight="bold">
            {leftWords(left)}
          </Text>{" "}
          ({moment(at)}). What is decided until then stands in the report of {day(answer.collectingFor)}.
        </>
      )}
    </Text>
  );
}
