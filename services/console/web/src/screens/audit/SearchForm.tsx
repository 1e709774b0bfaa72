import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Flex } from "@ag.ds-next/react/flex";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Select } from "@ag.ds-next/react/select";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useState, type FormEvent } from "react";
import { focusWrong } from "../../parts/focusWrong";
import { normalCrn } from "../../parts/crn";
import { useTold } from "../../parts/useTold";
import { resultWords } from "../../words/audit";
import { Result } from "../../gen/noticehub/audit/v1/audit_pb";
import { emptyFilters, problemsOf, type Filters, type Problems } from "./filters";

type Props = { filters: Filters; onSearch: (f: Filters) => void; onClear: () => void };

const texts = [
  ["actor", "Who (actor)", "officer:…, authority:… or service:…"],
  ["action", "What was done (action)", "such as submission.decided"],
  ["object", "To what (object)", "such as submission/0192…"],
  ["method", "Method called", "package.Service/Method"],
  ["crn", "CRN", "The search itself is recorded"],
] as const;

const times = [
  ["from", "Recorded from"],
  ["to", "Recorded before"],
] as const;

/** What to look for in the log; nothing is asked before Search. */
export function SearchForm({ filters, onSearch, onClear }: Props) {
  const [f, setFilters] = useState(filters);
  const [wrong, setWrong] = useState<Problems>({});
  const told = useTold(wrong);
  const set = (change: Partial<Filters>) => setFilters((before) => ({ ...before, ...change }));
  const search = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const asked = { ...f, actor: f.actor.trim(), action: f.action.trim(), object: f.object.trim(), method: f.method.trim(), crn: normalCrn(f.crn) };
    const problems = problemsOf(asked);
    setWrong(problems);
    if (Object.keys(problems).length === 0) onSearch(asked);
    else focusWrong(e.currentTarget);
  };
  return (
    <form aria-label="Search the audit log" autoComplete="off" noValidate onSubmit={search} role="search">
      <Stack gap={1}>
        <Flex flexWrap="wrap" gap={1}>
          {texts.map(([name, label, hint]) => (
            <TextInput
              hideOptionalLabel
              hint={hint}
              invalid={Boolean(wrong[name])}
              key={name}
              label={label}
              maxLength={name === "crn" ? 20 : 300}
              message={wrong[name]}
              onChange={(e) => set({ [name]: e.target.value })}
              value={f[name]}
            />
          ))}
          {times.map(([name, label]) => (
            <TextInput
              hideOptionalLabel
              hint="In the agency’s zone"
              invalid={Boolean(wrong[name])}
              key={name}
              label={label}
              maxWidth="lg"
              message={wrong[name]}
              onChange={(e) => set({ [name]: e.target.value })}
              type="datetime-local"
              value={f[name]}
            />
          ))}
          <Select
            hideOptionalLabel
            hint="With one of the others"
            label="How it ended"
            onChange={(e) => set({ result: e.target.value as Filters["result"] })}
            options={[
              { value: "", label: resultWords[Result.UNSPECIFIED] },
              { value: "done", label: resultWords[Result.DONE] },
              { value: "refused", label: resultWords[Result.REFUSED] },
            ]}
            value={f.result}
          />
        </Flex>
        {wrong.search && (
          <SectionAlert focusOnUpdate={told} role="alert" tabIndex={-1} title="Say what to look for" tone="error">
            <Text as="p">{wrong.search}</Text>
          </SectionAlert>
        )}
        <ButtonGroup>
          <Button type="submit">Search</Button>
          <Button
            onClick={() => {
              setFilters(emptyFilters);
              setWrong({});
              onClear();
            }}
            variant="tertiary"
          >
            Clear all
          </Button>
        </ButtonGroup>
      </Stack>
    </form>
  );
}
