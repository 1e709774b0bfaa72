import { VisuallyHidden } from "@ag.ds-next/react/a11y";

/** Says to screen readers what just happened; others see it. */
export const Announce = ({ text }: { text: string }) => (
  <div aria-live="polite" role="status">
    <VisuallyHidden>{text}</VisuallyHidden>
  </div>
);
