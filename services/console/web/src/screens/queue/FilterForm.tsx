import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Checkbox } from "@ag.ds-next/react/checkbox";
import { ControlGroup } from "@ag.ds-next/react/control-group";
import { Flex } from "@ag.ds-next/react/flex";
import { Select } from "@ag.ds-next/react/select";
import { Stack } from "@ag.ds-next/react/stack";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useQuery } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { RegistryService } from "../../gen/noticehub/registry/v1/registry_pb";
import { functions, reasons, types } from "../../words/terms";
import { functionWords, reasonWords, typeWords } from "../../words/vocabulary";
import { emptyFilters, type Filters } from "./filters";

const any = { value: "", label: "Any" };

/** Narrows the queue; nothing happens before Search. */
export function FilterForm({ filters, onSearch }: { filters: Filters; onSearch: (f: Filters) => void }) {
  const [f, setFilters] = useState(filters);
  const [wrong, setWrong] = useState<{ crn?: string; to?: string }>({});
  const authorities = useQuery(RegistryService.method.listAuthorities, {});
  const set = (change: Partial<Filters>) => setFilters((before) => ({ ...before, ...change }));
  const search = (e: FormEvent) => {
    e.preventDefault();
    const crn = f.crn.replaceAll(/\s/g, "").toUpperCase();
    const problems = {
      ...(crn && !/^\d{9}[A-Z]$/.test(crn) && { crn: "A CRN is nine digits and a letter, such as 200000007S." }),
      ...(f.from && f.to && f.to < f.from && { to: "This is before the first day." }),
    };
    setWrong(problems);
    if (Object.keys(problems).length === 0) onSearch({ ...f, crn, reference: f.reference.trim(), officer: f.officer.trim(), unassigned: f.unassigned && !f.officer.trim(), page: "" });
  };
  return (
    <form aria-label="Search the queue" autoComplete="off" noValidate onSubmit={search} role="search">
      <Stack gap={1}>
        <Flex flexWrap="wrap" gap={1}>
          <Select
            hideOptionalLabel
            label="Authority"
            onChange={(e) => set({ authority: e.target.value })}
            options={[
              any,
              ...(authorities.data?.authorities ?? []).map((a) => ({ value: a.authorityId, label: a.name })),
              // An address may name one that is not there; it stays visible.
              ...(f.authority && !authorities.data?.authorities.some((a) => a.authorityId === f.authority) ? [{ value: f.authority, label: f.authority }] : []),
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
          <Select
            hideOptionalLabel
            label="Reason"
            onChange={(e) => set({ reason: reasons.parse(e.target.value) })}
            options={[any, ...reasons.values.map((v) => ({ value: reasons.name(v), label: reasonWords[v] }))]}
            value={f.reason ? reasons.name(f.reason) : ""}
          />
          <TextInput hideOptionalLabel label="Lodged from" maxWidth="md" onChange={(e) => set({ from: e.target.value })} type="date" value={f.from} />
          <TextInput
            hideOptionalLabel
            invalid={Boolean(wrong.to)}
            label="Lodged until"
            maxWidth="md"
            message={wrong.to}
            onChange={(e) => set({ to: e.target.value })}
            type="date"
            value={f.to}
          />
          <TextInput hideOptionalLabel invalid={Boolean(wrong.crn)} label="CRN" maxWidth="md" message={wrong.crn} onChange={(e) => set({ crn: e.target.value })} value={f.crn} />
          <TextInput hideOptionalLabel label="Authority’s reference" maxLength={80} maxWidth="md" onChange={(e) => set({ reference: e.target.value })} value={f.reference} />
          <TextInput hideOptionalLabel label="Held by officer" maxLength={100} maxWidth="md" onChange={(e) => set({ officer: e.target.value })} value={f.officer} />
        </Flex>
        <ControlGroup hideOptionalLabel label="Show">
          <Checkbox checked={f.unassigned} onChange={(e) => set({ unassigned: e.target.checked })} size="sm">
            Only what nobody holds
          </Checkbox>
          <Checkbox checked={f.held} onChange={(e) => set({ held: e.target.checked })} size="sm">
            Also what is set aside until a date
          </Checkbox>
          <Checkbox checked={f.newest} onChange={(e) => set({ newest: e.target.checked })} size="sm">
            Newest first
          </Checkbox>
        </ControlGroup>
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
