import { Button } from "@ag.ds-next/react/button";
import { Flex } from "@ag.ds-next/react/flex";
import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { Text } from "@ag.ds-next/react/text";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { businessNow, timeOfDay } from "../words/time";
import { setPaused, usePaused } from "./pause";
import { useQueueCount, useQueueLive } from "./QueueLive";
import type { Live } from "./useStream";

const words: Record<Live, { label: string; tone: "successLow" | "infoLow" | "pausedLow" }> = {
  stream: { label: "Live", tone: "successLow" },
  polling: { label: "Every second", tone: "infoLow" },
  paused: { label: "Paused", tone: "pausedLow" },
};

/** Says how news comes to this screen and since when it is as it stands, and stops it when asked to. */
export function LiveState() {
  const { dataUpdatedAt: at, error } = useQueueCount();
  const paused = usePaused();
  const live = useQueueLive();
  const shown = paused ? "paused" : live;
  return (
    <Flex alignItems="center" flexWrap="wrap" gap={0.75}>
      <div role="status">
        {error && shown !== "paused" ? <StatusBadge label="Out of reach" tone="warningLow" /> : <StatusBadge label={words[shown].label} tone={words[shown].tone} />}
      </div>
      {at > 0 && (
        <Text color="muted" fontSize="xs">
          {shown === "stream" ? "last change" : "as at"} {timeOfDay(timestampFromMs(businessNow() - Date.now() + at))}
        </Text>
      )}
      <Button onClick={() => setPaused(!paused)} size="sm" variant="text">
        {paused ? "Resume updates" : "Pause updates"}
      </Button>
    </Flex>
  );
}
