import { Button } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { useEffect, useEffectEvent } from "react";
import { faultOf, sortOf } from "../../api/fault";
import { Refused } from "../../parts/Refused";

/**
 * Why an action was not done. When somebody else acted first the item is read
 * again, so that the screen says who and what; the officer's words stay.
 */
export function NotDone({ error, reread }: { error: unknown; reread: () => Promise<unknown> }) {
  const fault = error ? faultOf(error) : undefined;
  const stale = fault !== undefined && (sortOf(fault) === "conflict" || fault.reason === "ITEM_CLOSED");
  const again = useEffectEvent(() => void reread());
  useEffect(() => {
    if (stale) again();
  }, [stale]);
  if (!fault) return null;
  return (
    <Stack alignItems="flex-start" gap={0.5}>
      <Refused error={error} />
      {stale && (
        <Button onClick={() => void reread()} size="sm" variant="secondary">
          See what it is now
        </Button>
      )}
    </Stack>
  );
}
