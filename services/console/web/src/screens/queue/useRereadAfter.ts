import { useEffect, useRef } from "react";
import type { Acting } from "./acting";

/** Reads the page behind the rows again once what was done to many has ended, also while updates are paused. */
export function useRereadAfter(acting: Acting | undefined, again: () => void) {
  const running = acting?.state === "running";
  const was = useRef(false);
  useEffect(() => {
    if (was.current && !running) again();
    was.current = running;
  }, [running, again]);
}
