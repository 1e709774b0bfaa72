/** @jsxImportSource @emotion/react */
import { tokens } from "@ag.ds-next/react/core";

/** Text exactly as it is, never as HTML. Long lines scroll in their box, or break when wanted. */
export function Raw({ text, label, breaks = false }: { text: string; label: string; breaks?: boolean }) {
  return (
    <pre
      aria-label={label}
      css={{
        margin: 0,
        padding: "1rem",
        maxHeight: "24rem",
        overflow: "auto",
        border: "1px solid #82868c",
        fontSize: "0.875rem",
        fontFamily: tokens.font.monospace,
        ...(breaks && { whiteSpace: "pre-wrap", overflowWrap: "anywhere" }),
      }}
      role="region"
      tabIndex={0}
    >
      {text}
    </pre>
  );
}

/** A digest, an id: breaks anywhere, so that the page stays as wide as its window. */
export const Code = ({ children }: { children: string }) => <code css={{ fontFamily: tokens.font.monospace, fontSize: "0.875rem", overflowWrap: "anywhere" }}>{children}</code>;
