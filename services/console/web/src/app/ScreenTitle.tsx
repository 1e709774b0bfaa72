import { H1 } from "@ag.ds-next/react/heading";
import { useEffect, useRef, type ReactNode } from "react";

/** The screen that last had the focus on its heading; a page that was just loaded keeps its focus. */
let titled = location.pathname;

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
    if (titled !== location.pathname) heading.current?.focus();
    titled = location.pathname;
  }, []);
  return (
    <H1 focusRingFor="keyboard" ref={heading} tabIndex={-1}>
      {children}
    </H1>
  );
}
