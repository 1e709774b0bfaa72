import { useEffect, useState } from "react";
import { businessNow } from "../words/time";

/** The business time in milliseconds, a second at a time. */
export function useNow(): number {
  const [now, setNow] = useState(businessNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(businessNow()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
