import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Checkbox } from "@ag.ds-next/react/checkbox";
import { Flex } from "@ag.ds-next/react/flex";
import { Select } from "@ag.ds-next/react/select";
import { Stack } from "@ag.ds-next/react/stack";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useQuery } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { RegistryService } from "../../gen/noticehub/registry/v1/registry_pb";
import { focusWrong } from "../../parts/focusWrong";
import { emptyFilters, wrongPeriod, type Filters } from "./filters";

/** Narrows the deliveries; nothing happens before Show. */
export function FilterForm({ filters, onShow }: { filters: Filters; onShow: (f: Filters) => void }) {
  const [f, setFilters] = useState(filters);
  const [wrong, setWrong] = useState("");
  const authorities = useQuery(RegistryService.method.listAuthorities, {});
  const set = (change: Partial<Filters>) => setFilters((before) => ({ ...before, ...change }));
  const known = authorities.data?.authorities ?? [];
  const show = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const problem = wrongPeriod(f);
    setWrong(problem);
    if (problem) focusWrong(e.currentTarget);
    else onShow(f);
  };
  return (
    <form aria-label="Filter the reports" noValidate onSubmit={show} role="search">
      <Stack gap={1}>
        <Flex flexWrap="wrap" gap={1}>
          <Select
            hideOptionalLabel
            label="Authority"
            onChange={(e) => set({ authority: e.target.value })}
            options={[
              { value: "", label: "Any" },
              ...known.map((a) => ({ value: a.authorityId, label: a.name })),
              // An address may name one that is not there; it stays visible.
              ...(f.authority && !known.some((a) => a.authorityId === f.authority) ? [{ value: f.authority, label: f.authority }] : []),
            ]}
            value={f.authority}
          />
          <TextInput hideOptionalLabel label="First report date" maxWidth="md" onChange={(e) => set({ from: e.target.value })} type="date" value={f.from} />
          <TextInput
            hideOptionalLabel
            invalid={Boolean(wrong)}
            label="Last report date"
            maxWidth="md"
            message={wrong}
            onChange={(e) => set({ to: e.target.value })}
            type="date"
            value={f.to}
          />
        </Flex>
        <Checkbox checked={f.overdue} onChange={(e) => set({ overdue: e.target.checked })} size="sm">
          Only overdue ones
        </Checkbox>
        <ButtonGroup>
          <Button type="submit">Show</Button>
          <Button onClick={() => onShow({ ...emptyFilters, overdueFirst: f.overdueFirst })} variant="tertiary">
            Clear all filters
          </Button>
        </ButtonGroup>
      </Stack>
    </form>
  );
}
