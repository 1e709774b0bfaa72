/**
 * Whether somebody is at the screen. Screens look for news only then: a page left
 * open must not keep its session alive (a session ends after 15 minutes without use).
 */
const span = 5 * 60_000;
let last = performance.now();

export function watchAttention() {
  for (const event of ["keydown", "pointerdown", "pointermove", "wheel"] as const) {
    addEventListener(event, () => (last = performance.now()), { capture: true, passive: true });
  }
}

export const attentive = () => document.visibilityState === "visible" && performance.now() - last < span;
