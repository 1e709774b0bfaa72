import type { LinkProps } from "@ag.ds-next/react/core";
import { forwardRef, type MouseEvent } from "react";
import { navigate } from "wouter/use-browser-location";

/** Addresses outside this page: the service's own pages. */
const elsewhere = /^\/(signin|signout|signed-out)\b/;

/** A link that changes the screen without loading the page again, where it can. */
export const Link = forwardRef<HTMLAnchorElement, LinkProps>(function Link({ href, onClick, ...props }, ref) {
  const follow = (e: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(e);
    const plain = e.button === 0 && !e.metaKey && !e.ctrlKey && !e.shiftKey && !e.altKey && !props.target;
    if (e.defaultPrevented || !plain || !href?.startsWith("/") || elsewhere.test(href)) return;
    e.preventDefault();
    navigate(href);
    window.scrollTo(0, 0);
  };
  return <a {...props} href={href} onClick={follow} ref={ref} />;
});
