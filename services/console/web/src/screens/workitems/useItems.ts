import { callUnaryMethod, useQuery, useTransport } from "@connectrpc/connect-query";
import { useEffect, useMemo, useState } from "react";
import {
  WorkItemService, type CatalogueEntry, type ChangedWorkItem, type CountWorkItemsResponse, type CountWorkloadResponse, type WorkItem,
} from "../../gen/noticehub/workitem/v1/workitem_pb";
import { useStream } from "../../live/useStream";
import { watching } from "../../live/pause";
import { useSession } from "../../session/session";
import { hasEnded } from "../../words/workitems";
import { pageSize, searchOf, type Filters } from "./filters";

const { method } = WorkItemService;

/** A row as it stands; changed when it is not what was loaded. */
export type Row = { item: WorkItem; changed?: ChangedWorkItem };

/** The catalogue changes with a release only. */
export const useCatalogue = () => useQuery(method.listCatalogue, {}, { gcTime: Infinity });

/** Loads are told by officer; they name no customer, so that they may be asked for while somebody looks. */
export const useWorkload = (enabled: boolean) => useQuery(method.countWorkload, {}, { enabled, refetchOnMount: "always", refetchInterval: () => (watching() ? 5_000 : false) });

/** One page of a list that holds still; what happens meanwhile is told beside it. */
export function useItems(f: Filters, catalogue: CatalogueEntry[]) {
  const { person } = useSession();
  const transport = useTransport();
  const search = useMemo(() => searchOf(f), [f]);
  const options = { refetchOnMount: "always", gcTime: 0 } as const;
  const mine = useQuery(method.listMyWorkItems, { pageSize, pageToken: f.page, count: true }, { ...options, enabled: f.mine });
  const found = useQuery(method.searchWorkItems, search, { ...options, enabled: !f.mine });
  const page = f.mine ? mine : found;

  const first = useQuery(method.countWorkItems, {}, { refetchOnMount: "always" });
  const [told, setTold] = useState<CountWorkItemsResponse>();
  const counts = told ?? first.data;
  const load = useWorkload(byOfficer(f)).data;
  const [changed, setChanged] = useState<ReadonlyMap<string, ChangedWorkItem>>(new Map());
  const items = page.data?.workItems;
  useStream(
    method.watchWorkItems,
    items && { workItemIds: items.map((w) => w.workItemId) },
    (m) => {
      if (m.counts) setTold(m.counts);
      if (m.changed.length > 0) setChanged((before) => new Map([...before, ...m.changed.map((c) => [c.workItemId, c] as const)]));
    },
    () => {
      callUnaryMethod(transport, method.countWorkItems, {}).then(setTold, () => undefined);
    },
  );

  // What the numbers were when the list was loaded is what later ones are compared with.
  const total = totalOf(f, counts, load, catalogue, person);
  const [base, setBase] = useState<{ at: number; total: bigint | undefined }>({ at: 0, total: undefined });
  useEffect(() => {
    if (!page.dataUpdatedAt) return;
    setChanged(new Map());
    setBase({ at: page.dataUpdatedAt, total: undefined });
  }, [page.dataUpdatedAt]);
  useEffect(() => {
    if (base.at && base.total === undefined && total !== undefined) setBase((b) => ({ ...b, total }));
  }, [base, total]);

  const rows = useMemo(
    () => (items ?? []).map((item): Row => { const c = changed.get(item.workItemId); return c && c.version > item.version ? { item, changed: c } : { item }; }),
    [items, changed],
  );
  const left = rows.filter((r) => r.changed && leaves(f, r.changed, person)).length;
  const added = base.total === undefined || total === undefined ? 0 : Math.max(0, Number(total - base.total) + left);
  return { page, rows, counts, added };
}

/** Whether the numbers for a list are told by officer, not by code and office. */
const byOfficer = (f: Filters) => f.mine || Boolean(f.assignee) || f.unassigned;

/** Whether a change takes a row out of the list it is in. */
const leaves = (f: Filters, c: ChangedWorkItem, person: string) =>
  hasEnded(c.status) || (f.mine && c.assignee !== person) || (f.assignee !== "" && c.assignee !== f.assignee) || (f.unassigned && c.assignee !== "");

/** How many open items a list has by the numbers that the stream tells; undefined for lists that it tells nothing of. */
function totalOf(f: Filters, counts: CountWorkItemsResponse | undefined, load: CountWorkloadResponse | undefined, catalogue: CatalogueEntry[], person: string): bigint | undefined {
  if (f.measure || f.days || f.crn || f.state) return undefined;
  if (byOfficer(f)) {
    if (!load || f.office || f.code || f.group) return undefined;
    if (f.unassigned) return load.ages.reduce((sum, a) => sum + a.unassigned, 0n);
    return load.officers.find((o) => o.officerId === (f.mine ? person : f.assignee))?.open ?? 0n;
  }
  if (!counts || (f.group && catalogue.length === 0)) return undefined;
  const codes = new Set(catalogue.filter((e) => (!f.group || e.group === f.group) && (!f.code || e.code === f.code || e.aliases.includes(f.code))).map((e) => e.code));
  const any = !f.group && !f.code;
  return counts.counts.filter((c) => (any || codes.has(c.code)) && (!f.office || c.office === f.office)).reduce((sum, c) => sum + c.open, 0n);
}
