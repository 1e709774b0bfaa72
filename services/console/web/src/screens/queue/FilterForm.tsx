import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Checkbox } from "@ag.ds-next/react/checkbox";
import { ControlGroup } from "@ag.ds-next/react/control-group";
import { Flex } from "@ag.ds-next/react/flex";
import { Select } from "@ag.ds-next/react/select";
import { Stack } from "@ag.ds-next/react/stack";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useRef, useState, type FormEvent } from "react";
import { functions, reasons, types } from "../../words/terms";
import { functionWords, reasonWords, statusWords, typeWords } from "../../words/vocabulary";
import { isDay, noFilters, statuses, statusTerms, type Filters, type List } from "./filters";
import { useAuthorityList } from "./useAuthorities";

const any = { value: "", label: "Any" };

/** What was pasted, without control characters and what stands around it. */
const tidy = (text: string) => text.replaceAll(/[\u0000-\u001f\u007f]+/g, "").trim();

type Wrong = { from?: string; to?: string; crn?: string; age?: string };

/** What to ask for, or what is wrong with it. */
function read(f: Filters, age: string, broken: { from: boolean; to: boolean }): { wrong: Wrong; filters: Filters } {
  const crn = tidy(f.crn).replaceAll(/\s/g, "").toUpperCase();
  const officer = tidy(f.officer);
  const noDay = "This is no date the hub can look for.";
  const days = age.trim();
  const wrong: Wrong = {
    ...((broken.from || (f.from && !isDay(f.from))) && { from: noDay }),
    ...((broken.to || (f.to && !isDay(f.to))) && { to: noDay }),
    ...(f.from && f.to && isDay(f.from) && isDay(f.to) && f.to < f.from && { to: "This is before the first day." }),
    ...(crn && !/^\d{9}[A-Z]$/.test(crn) && { crn: "A CRN is nine digits and a letter, such as 200000007S." }),
    ...(days && !/^\d{1,5}$/.test(days) && { age: "Enter whole days, such as 7." }),
  };
  const unassigned = f.unassigned && !officer && !f.due;
  return { wrong, filters: { ...f, crn, officer, unassigned, age: Number(days) || 0, reference: tidy(f.reference), page: "", before: 0 } };
}

/** Narrows a list; nothing happens before Search. */
export function FilterForm({ list, filters, onSearch }: { list: List; filters: Filters; onSearch: (f: Filters) => void }) {
  const [f, setFilters] = useState(filters);
  const [age, setAge] = useState(filters.age ? String(filters.age) : "");
  const [wrong, setWrong] = useState<Wrong>({});
  const [from, to] = [useRef<HTMLInputElement>(null), useRef<HTMLInputElement>(null)];
  const form = useRef<HTMLFormElement>(null);
  const authorities = useAuthorityList();
  const queue = list === "queue";
  const set = (change: Partial<Filters>) => setFilters((before) => ({ ...before, ...change }));
  const search = (e: FormEvent) => {
    e.preventDefault();
    const broken = { from: from.current?.validity.badInput ?? false, to: to.current?.validity.badInput ?? false };
    const asked = read(f, age, broken);
    setWrong(asked.wrong);
    if (Object.keys(asked.wrong).length === 0) onSearch(asked.filters);
    else requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  return (
    <form aria-label={queue ? "Search the queue" : "Search submissions"} autoComplete="off" noValidate onSubmit={search} ref={form} role="search">
      <Stack gap={1}>
        <Flex flexWrap="wrap" gap={1}>
          <Select
            hideOptionalLabel
            label="Authority"
            onChange={(e) => set({ authority: e.target.value })}
            options={[
              any,
              ...authorities.map((a) => ({ value: a.authorityId, label: a.name })),
              // An address may name one that is not there; it stays visible.
              ...(f.authority && !authorities.some((a) => a.authorityId === f.authority) ? [{ value: f.authority, label: f.authority }] : []),
            ]}
            value={f.authority}
          />
          <Select
            hideOptionalLabel
            label="Function"
            onChange={(e) => set({ function: functions.parse(e.target.value) })}
            options={[any, ...functions.values.map((v) => ({ value: functions.name(v), label: functionWords[v] }))]}
            value={f.function ? functions.name(f.function) : ""}
          />
          <Select
            hideOptionalLabel
            label="Information type"
            onChange={(e) => set({ type: types.parse(e.target.value) })}
            options={[any, ...types.values.map((v) => ({ value: types.name(v), label: typeWords[v] }))]}
            value={f.type ? types.name(f.type) : ""}
          />
          {!queue && (
            <Select
              hideOptionalLabel
              label="Status"
              onChange={(e) => set({ status: statuses.find((s) => statusTerms.name(s) === e.target.value) })}
              options={[any, ...statuses.map((v) => ({ value: statusTerms.name(v), label: statusWords[v] }))]}
              value={f.status ? statusTerms.name(f.status) : ""}
            />
          )}
          <Select
            hideOptionalLabel
            label="Reason"
            onChange={(e) => set({ reason: reasons.parse(e.target.value) })}
            options={[any, ...reasons.values.map((v) => ({ value: reasons.name(v), label: reasonWords[v] }))]}
            value={f.reason ? reasons.name(f.reason) : ""}
          />
          <TextInput
            hideOptionalLabel
            invalid={Boolean(wrong.from)}
            label="Lodged from"
            maxWidth="md"
            message={wrong.from}
            onChange={(e) => set({ from: e.target.value })}
            ref={from}
            type="date"
            value={f.from}
          />
          <TextInput
            hideOptionalLabel
            invalid={Boolean(wrong.to)}
            label="Lodged until"
            maxWidth="md"
            message={wrong.to}
            onChange={(e) => set({ to: e.target.value })}
            ref={to}
            type="date"
            value={f.to}
          />
          <TextInput hideOptionalLabel invalid={Boolean(wrong.crn)} label="CRN" maxWidth="md" message={wrong.crn} onChange={(e) => set({ crn: e.target.value })} value={f.crn} />
          <TextInput hideOptionalLabel label="Authority’s reference" maxLength={80} maxWidth="md" onChange={(e) => set({ reference: e.target.value })} value={f.reference} />
          <TextInput
            hideOptionalLabel
            hint={queue ? "“me” is whoever looks." : undefined}
            label="Held by officer"
            maxLength={100}
            maxWidth="md"
            onChange={(e) => set({ officer: e.target.value, due: false })}
            value={f.officer}
          />
          {queue && (
            <TextInput
              hideOptionalLabel
              inputMode="numeric"
              invalid={Boolean(wrong.age)}
              label="Waiting for at least (days)"
              maxLength={20}
              maxWidth="md"
              message={wrong.age}
              onChange={(e) => setAge(e.target.value)}
              value={age}
            />
          )}
        </Flex>
        <ControlGroup hideOptionalLabel label="Show">
          <Checkbox checked={f.unassigned} onChange={(e) => set({ unassigned: e.target.checked, ...(e.target.checked && { due: false, officer: "" }) })} size="sm">
            Only what nobody holds
          </Checkbox>
          {queue && (
            <Checkbox checked={f.held} onChange={(e) => set({ held: e.target.checked, due: false })} size="sm">
              Also what is set aside until a date
            </Checkbox>
          )}
          <Checkbox checked={queue ? f.newest : !f.newest} onChange={(e) => set({ newest: e.target.checked === queue })} size="sm">
            {queue ? "Newest first" : "Oldest first"}
          </Checkbox>
        </ControlGroup>
        <ButtonGroup>
          <Button type="submit">Search</Button>
          <Button onClick={() => onSearch(noFilters(list))} variant="tertiary">
            Clear all filters
          </Button>
        </ButtonGroup>
      </Stack>
    </form>
  );
}
