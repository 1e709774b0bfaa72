import { H1 } from "@ag.ds-next/react/heading";
import { useEffect, useRef, type ReactNode } from "react";

let first = true;

/**
 * The one h1 of a screen. It names the tab, and takes the focus when the officer
 * comes from another screen, so that a screen reader says where they are.
 */
export function ScreenTitle({ children, name }: { children: ReactNode; name: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${name} – NoticeHub`;
  }, [name]);
  useEffect(() => {
    if (!first) heading.current?.focus();
    first = false;
  }, []);
  return (
    <H1 focusRingFor="keyboard" ref={heading} tabIndex={-1}>
      {children}
    </H1>
  );
}
