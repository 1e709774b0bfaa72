import { useSyncExternalStore } from "react";
import { attentive } from "../session/attention";

/** Whether the officer has stopped updates in this window (WCAG 2.2.2); a reload keeps it. */
const key = "noticehub.paused";
const listeners = new Set<() => void>();
let paused = sessionStorage.getItem(key) === "yes";

export function setPaused(on: boolean) {
  paused = on;
  if (on) sessionStorage.setItem(key, "yes");
  else sessionStorage.removeItem(key);
  for (const tell of listeners) tell();
}

export function onPause(tell: () => void) {
  listeners.add(tell);
  return () => void listeners.delete(tell);
}

export const isPaused = () => paused;

export const usePaused = () => useSyncExternalStore(onPause, isPaused);

/** Whether to look for news: somebody is there, and wants to see it. */
export const watching = () => !paused && attentive();
