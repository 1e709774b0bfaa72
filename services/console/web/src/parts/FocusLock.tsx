import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from "react";

const stops = 'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]';

const stopsIn = (e: Element | null | undefined) => [...(e?.querySelectorAll<HTMLElement>(stops) ?? [])].filter((s) => s.checkVisibility() && !("guard" in s.dataset));

/**
 * Keeps the focus in a dialog while it is open and gives it back afterwards, in
 * place of the library that the design system loads for it (vite.config.ts), which
 * is a fiftieth of the whole page.
 */
export default function FocusLock({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  // Before anything in the dialog takes the focus by itself; what had it may be gone with its surroundings later.
  const [was] = useState(() => {
    const path: HTMLElement[] = [];
    for (let e = document.activeElement as HTMLElement | null; e; e = e.parentElement) path.push(e);
    return path;
  });
  const enter = (at: 0 | -1) => stopsIn(box.current).at(at)?.focus();
  const last = useRef<HTMLElement>(null);
  const keep = useEffectEvent((e: FocusEvent) => {
    const at = e.target as HTMLElement;
    if (box.current?.contains(at)) last.current = at;
    else if (at.closest("[data-focus-lock]")) return; // another dialog's, above this one
    else if (last.current?.isConnected) last.current.focus();
    else enter(0);
  });
  const begin = useEffectEvent(() => {
    if (!box.current?.contains(document.activeElement)) enter(0);
  });
  useEffect(() => {
    const listen = (e: FocusEvent) => keep(e);
    begin();
    document.addEventListener("focusin", listen);
    return () => {
      document.removeEventListener("focusin", listen);
      // Once the dialog is gone, unless something else was given the focus on purpose.
      queueMicrotask(() => {
        if (document.activeElement && document.activeElement !== document.body) return;
        const there = was.find((e) => e.isConnected && e !== document.body);
        (there === was[0] ? there : stopsIn(there)[0])?.focus();
      });
    };
  }, [was]);
  return (
    <div data-focus-lock ref={box}>
      <div data-guard onFocus={() => enter(-1)} tabIndex={0} />
      {children}
      <div data-guard onFocus={() => enter(0)} tabIndex={0} />
    </div>
  );
}
