import { Button } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { useState, type FormEvent, type ReactNode } from "react";
import { LongText } from "./LongText";
import { Refused } from "./Refused";
import { useKeptText } from "./useKeptText";
import { useOnce } from "./useOnce";
import { useSession } from "../session/session";
import { textProblem } from "../words/plain";

type Props = {
  name: string;
  label: string;
  hint: string;
  doIt: string;
  /** Fewest and most characters the hub takes. */
  least?: number;
  most: number;
  pending: boolean;
  error: unknown;
  send: (reason: string) => Promise<unknown>;
  children?: ReactNode;
};

/** A step that needs nothing but its reason. */
export function WhyForm({ name, label, hint, doIt, least = 3, most, pending, error, send, children }: Props) {
  const { person } = useSession();
  const [reason, setReason] = useKeptText(name, person);
  const [wrong, setWrong] = useState("");
  const once = useOnce(async () => {
    await send(reason);
    setReason("");
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const problem = textProblem(reason, least, most, `Say why, in at least ${least} characters.`);
    setWrong(problem);
    if (!problem) void once();
  };
  return (
    <form aria-label={doIt} noValidate onSubmit={submit}>
      <Stack gap={1}>
        {children}
        <LongText hint={hint} label={label} most={most} onChange={setReason} problem={wrong} required rows={2} value={reason} />
        <Refused error={pending ? null : error} />
        <Button alignSelf="flex-start" loading={pending} type="submit" variant="secondary">
          {doIt}
        </Button>
      </Stack>
    </form>
  );
}
