import { useCallback, useRef } from "react";

/**
 * Lets one call through at a time: a second click while the first is under way
 * sends nothing.
 */
export function useOnce<A extends unknown[]>(act: (...args: A) => Promise<unknown>) {
  const busy = useRef(false);
  return useCallback(
    async (...args: A) => {
      if (busy.current) return;
      busy.current = true;
      try {
        await act(...args);
      } catch {
        // The mutation keeps the error, and its screen shows it.
      } finally {
        busy.current = false;
      }
    },
    [act],
  );
}

/**
 * Names an action. The same content keeps its name, so that sending it again after
 * a lost answer is the same action to the hub; other content gets another.
 */
export function useActionId() {
  const last = useRef({ content: "", id: "" });
  return useCallback((content: unknown) => {
    const text = JSON.stringify(content, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v));
    if (last.current.content !== text) last.current = { content: text, id: crypto.randomUUID() };
    return last.current.id;
  }, []);
}
