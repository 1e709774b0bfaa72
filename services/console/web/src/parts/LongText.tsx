import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { Textarea, type TextareaProps } from "@ag.ds-next/react/textarea";
import { useState } from "react";
import { lengthOf, plain } from "../words/plain";

type Props = Pick<TextareaProps, "hint" | "label" | "required" | "rows"> & {
  value: string;
  onChange: (text: string) => void;
  /** What is wrong; empty or unset when nothing is. */
  problem?: string;
  /** Most characters the hub takes. */
  most: number;
};

/** A text field that counts, and leaves out what is pasted along unseen. */
export function LongText({ most, onChange, problem, value, ...props }: Props) {
  const [cleaned, setCleaned] = useState(false);
  const n = lengthOf(value);
  const over = n > most;
  const take = (text: string) => {
    // What is far too long is cut: drafts have room for some megabytes only.
    const given = text.slice(0, 50 * most);
    const clean = plain(given);
    setCleaned(clean.length !== given.length);
    onChange(clean);
  };
  return (
    <Stack gap={0.25}>
      <Textarea {...props} block invalid={Boolean(problem)} maxWidth="xl" message={problem} onChange={(e) => take(e.target.value)} value={value} />
      <Text aria-live={n > most * 0.9 || cleaned ? "polite" : "off"} color={over ? "error" : "muted"} fontSize="xs">
        {n.toLocaleString("en-AU")} of {most.toLocaleString("en-AU")} characters
        {over && `, ${(n - most).toLocaleString("en-AU")} too many`}
        {cleaned && ". Invisible characters were left out"}
      </Text>
    </Stack>
  );
}
