import { Box } from "@ag.ds-next/react/box";
import { Flex } from "@ag.ds-next/react/flex";
import { H3 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { StatusBadge, type StatusBadgeTone } from "@ag.ds-next/react/status-badge";
import { Text } from "@ag.ds-next/react/text";
import type { ReactNode } from "react";

export type Step = { title: string; state: "done" | "doing" | "todo" | "skipped"; text: string; content?: ReactNode };

const badges: Record<Step["state"], { label: string; tone: StatusBadgeTone }> = {
  done: { label: "Done", tone: "successLow" },
  doing: { label: "Now", tone: "inProgressLow" },
  todo: { label: "Later", tone: "notStartedLow" },
  skipped: { label: "Does not happen", tone: "unknownLow" },
};

/** Steps in their order: which is done, which is on, which comes. */
export const Steps = ({ steps }: { steps: Step[] }) => (
  <Stack as="ol" gap={1} paddingLeft={0}>
    {steps.map((s, i) => (
      <Box
        aria-current={s.state === "doing" ? "step" : undefined}
        as="li"
        borderColor={s.state === "doing" ? "selected" : "muted"}
        borderLeft
        borderLeftWidth="xl"
        key={s.title}
        paddingLeft={1}
      >
        <Stack gap={0.5}>
          <Flex alignItems="center" flexWrap="wrap" gap={0.5}>
            <H3 fontSize="md">
              {i + 1}. {s.title}
            </H3>
            <StatusBadge label={badges[s.state].label} tone={badges[s.state].tone} />
          </Flex>
          <Text as="p">{s.text}</Text>
          {s.content}
        </Stack>
      </Box>
    ))}
  </Stack>
);
