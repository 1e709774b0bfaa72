import { useEffect, useState } from "react";

/** The value, at once after a time of rest, but not another one before `gap` milliseconds are over. */
export function useThrottled<T>(value: T, gap: number): T {
  const [shown, setShown] = useState({ value, at: Number.NEGATIVE_INFINITY });
  useEffect(() => {
    if (Object.is(shown.value, value)) return;
    const wait = Math.max(0, shown.at + gap - performance.now());
    const timer = setTimeout(() => setShown({ value, at: performance.now() }), wait);
    return () => clearTimeout(timer);
  }, [value, shown, gap]);
  return shown.value;
}
