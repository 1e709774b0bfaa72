import { Button } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useState, type FormEvent } from "react";
import { crnProblem, normalCrn } from "../../parts/crn";

type Props = { text: string; problem?: string; onOpen: (crn: string) => void };

/** Finds a customer by CRN. What is pasted is read leniently, and checked before anything is asked. */
export function CrnSearch({ text, problem = "", onOpen }: Props) {
  const [typed, setTyped] = useState(text);
  const [wrong, setWrong] = useState(problem);
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const crn = normalCrn(typed);
    const now = crn ? crnProblem(crn) : "Enter a CRN.";
    setWrong(now);
    if (now) return;
    setTyped(crn);
    onOpen(crn);
  };
  return (
    <form aria-label="Find a customer" autoComplete="off" noValidate onSubmit={submit} role="search">
      <Stack alignItems="flex-start" gap={0.5}>
        <TextInput
          hideOptionalLabel
          hint={text ? undefined : "Customer reference number: nine digits and a letter"}
          invalid={Boolean(wrong)}
          label="CRN"
          maxLength={60}
          maxWidth="md"
          message={wrong}
          onChange={(e) => setTyped(e.target.value)}
          value={typed}
        />
        <Button size="sm" type="submit" variant="secondary">
          Open the record
        </Button>
      </Stack>
    </form>
  );
}
