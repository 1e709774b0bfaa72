import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Checkbox } from "@ag.ds-next/react/checkbox";
import { Flex } from "@ag.ds-next/react/flex";
import { Select } from "@ag.ds-next/react/select";
import { Stack } from "@ag.ds-next/react/stack";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useState, type FormEvent } from "react";
import { State } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { crnProblem, normalCrn } from "../../parts/crn";
import { measureWords } from "../../words/vocabulary";
import { groupWords, stateWords } from "../../words/workitems";
import { ages, emptyFilters, groups, measures, states, type Filters } from "./filters";
import { useCatalogue } from "./useItems";

const any = { value: "", label: "Any" };

/** Narrows the list; nothing happens before Search. */
export function FilterForm({ filters, onSearch }: { filters: Filters; onSearch: (f: Filters) => void }) {
  const [f, setFilters] = useState({ ...filters, mine: false });
  const [wrong, setWrong] = useState<{ crn?: string; office?: string }>({});
  const entries = useCatalogue().data?.entries ?? [];
  const set = (change: Partial<Filters>) => setFilters((before) => ({ ...before, ...change }));
  const search = (e: FormEvent) => {
    e.preventDefault();
    const crn = normalCrn(f.crn);
    const office = f.office.trim().toUpperCase();
    const problems = {
      ...(crn && crnProblem(crn) && { crn: crnProblem(crn) }),
      ...(office && !/^[A-Z0-9]{2,10}$/.test(office) && { office: "An office is 2 to 10 letters and digits, such as DRW." }),
    };
    setWrong(problems);
    const assignee = f.assignee.trim();
    if (Object.keys(problems).length === 0) onSearch({ ...f, crn, office, assignee, unassigned: f.unassigned && !assignee, page: "" });
  };
  // An address may name a code that is not in the catalogue, or by an older spelling; it stays visible.
  const known = entries.some((c) => c.code === f.code);
  return (
    <form aria-label="Search work items" autoComplete="off" noValidate onSubmit={search} role="search">
      <Stack gap={1}>
        <Flex flexWrap="wrap" gap={1}>
          <Select
            hideOptionalLabel
            label="Code"
            maxWidth="xl"
            onChange={(e) => set({ code: e.target.value })}
            options={[any, ...entries.map((c) => ({ value: c.code, label: `${c.code} ${c.title}` })), ...(f.code && !known ? [{ value: f.code, label: f.code }] : [])]}
            value={f.code}
          />
          <Select
            hideOptionalLabel
            label="Group"
            onChange={(e) => set({ group: groups.parse(e.target.value) })}
            options={[any, ...groups.values.map((v) => ({ value: groups.name(v), label: groupWords[v] }))]}
            value={f.group ? groups.name(f.group) : ""}
          />
          <Select
            hideOptionalLabel
            label="Measure"
            onChange={(e) => set({ measure: measures.parse(e.target.value) })}
            options={[any, ...measures.values.map((v) => ({ value: measures.name(v), label: measureWords[v] }))]}
            value={f.measure ? measures.name(f.measure) : ""}
          />
          <Select
            hideOptionalLabel
            label="Age"
            onChange={(e) => set({ days: Number(e.target.value) })}
            options={[{ value: "0", label: "Any" }, ...[...new Set([...ages, ...(f.days ? [f.days] : [])])].sort((a, b) => a - b).map((d) => ({ value: String(d), label: `${d} ${d === 1 ? "day" : "days"} or more` }))]}
            value={String(f.days)}
          />
          <Select
            hideOptionalLabel
            label="State"
            onChange={(e) => set({ state: states.parse(e.target.value) })}
            options={[State.OPEN, State.CLOSED, State.ALL].map((v) => ({ value: v === State.OPEN ? "" : states.name(v), label: stateWords[v] }))}
            value={f.state ? states.name(f.state) : ""}
          />
          <TextInput hideOptionalLabel invalid={Boolean(wrong.office)} label="Office" maxLength={12} maxWidth="md" message={wrong.office} onChange={(e) => set({ office: e.target.value })} value={f.office} />
          <TextInput hideOptionalLabel label="Officer" maxLength={100} maxWidth="md" onChange={(e) => set({ assignee: e.target.value })} value={f.assignee} />
          <TextInput hideOptionalLabel invalid={Boolean(wrong.crn)} label="CRN" maxLength={60} maxWidth="md" message={wrong.crn} onChange={(e) => set({ crn: e.target.value })} value={f.crn} />
        </Flex>
        <Checkbox checked={f.unassigned} onChange={(e) => set({ unassigned: e.target.checked })} size="sm">
          Only what nobody has
        </Checkbox>
        <ButtonGroup>
          <Button type="submit">Search</Button>
          <Button onClick={() => onSearch(emptyFilters)} variant="tertiary">
            Clear all filters
          </Button>
        </ButtonGroup>
      </Stack>
    </form>
  );
}
