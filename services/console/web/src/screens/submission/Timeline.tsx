import { Box } from "@ag.ds-next/react/box";
import { Button } from "@ag.ds-next/react/button";
import { Flex } from "@ag.ds-next/react/flex";
import { H2, H3 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useState } from "react";
import type { GetSubmissionDetailResponse } from "../../gen/noticehub/processing/v1/queue_pb";
import type { AccessStep } from "../../gen/noticehub/processing/v1/restricted_pb";
import { TraceId } from "../../parts/TraceId";
import { Words } from "../../parts/Words";
import { useSession } from "../../session/session";
import { actorWords } from "../../words/actor";
import { day, moment, timeOfDay } from "../../words/time";
import { byDay, happeningsOf, type Happening } from "./happenings";

/** Everything that happened, by day, with who did it and the trace it happened in. */
export function Timeline({ detail, steps }: { detail: GetSubmissionDetailResponse; steps: AccessStep[] }) {
  const [newest, setNewest] = useState(false);
  const all = happeningsOf(detail, steps);
  const days = byDay(newest ? all.toReversed() : all);
  return (
    <Stack gap={1}>
      <Flex alignItems="center" flexWrap="wrap" gap={1} justifyContent="space-between">
        <H2 fontSize="lg">What happened</H2>
        <Button onClick={() => setNewest(!newest)} size="sm" variant="text">
          {newest ? "Show the oldest first" : "Show the newest first"}
        </Button>
      </Flex>
      {days.map((d) => (
        <Stack gap={0.5} key={d.date}>
          <H3 fontSize="sm">{day(d.date)}</H3>
          <Stack as="ol" gap={0.75} paddingLeft={0}>
            {d.happenings.map((h) => (
              <Entry happening={h} key={h.key} />
            ))}
          </Stack>
        </Stack>
      ))}
    </Stack>
  );
}

function Entry({ happening: h }: { happening: Happening }) {
  const { person } = useSession();
  return (
    <Box as="li" borderColor="muted" borderLeft borderLeftWidth="lg" paddingLeft={1}>
      <Stack gap={0.25}>
        <Text>
          <strong>{timeOfDay(h.at)}</strong> {h.what}, by {actorWords(h.actor, person)}
        </Text>
        {h.result && <Text color="muted">{h.result}</Text>}
        {h.words.map((w, i) => (
          <Words key={i} text={w} />
        ))}
        <TraceId id={h.trace} of={`“${h.what}”, ${moment(h.at)}`} />
      </Stack>
    </Box>
  );
}
