import { Button } from "@ag.ds-next/react/button";
import { Flex } from "@ag.ds-next/react/flex";
import { Text } from "@ag.ds-next/react/text";
import { useState } from "react";
import { Announce } from "./Announce";
import { Code } from "./Raw";

/** The trace something happened in, to hand to whoever looks after the hub. */
export function TraceId({ id, of }: { id: string; of: string }) {
  const [said, setSaid] = useState("");
  if (!id) return null;
  const copy = async () => {
    setSaid("");
    try {
      await navigator.clipboard.writeText(id);
      setSaid("Copied");
    } catch {
      // Without a secure address, or when the browser is told to refuse.
      setSaid("Not copied: mark it and copy it yourself");
    }
  };
  return (
    <Flex alignItems="center" flexWrap="wrap" gap={0.5}>
      <Text color="muted" fontSize="xs">
        Trace <Code>{id}</Code>
      </Text>
      <Button aria-label={`Copy the trace id of ${of}`} onClick={() => void copy()} size="sm" variant="text">
        Copy
      </Button>
      {said && (
        <Text aria-hidden color="muted" fontSize="xs">
          {said}
        </Text>
      )}
      <Announce text={said} />
    </Flex>
  );
}
