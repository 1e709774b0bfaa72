import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { routes } from "../../app/routes";
import { Measure } from "../../gen/noticehub/event/v1/vocabulary_pb";
import { Group, SearchWorkItemsRequestSchema, State, type SearchWorkItemsRequest } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { startOf, today } from "../../words/time";
import { termsOf } from "../../words/terms";

export const groups = termsOf<Group>(Group as unknown as Record<string, string | number>);
export const measures = termsOf<Measure>(Measure as unknown as Record<string, string | number>);
export const states = termsOf<State>(State as unknown as Record<string, string | number>);

/** What the list shows. All of it stands in the address; the CRN behind "#". */
export type Filters = {
  /** The signed-in officer's own open items; nothing else narrows them. */
  mine: boolean;
  office: string;
  code: string;
  group?: Group;
  measure?: Measure;
  assignee: string;
  unassigned: boolean;
  /** Raised at least so many days ago. */
  days: number;
  state?: State;
  crn: string;
  /** Token of the page; empty for the first. */
  page: string;
};

export const emptyFilters: Filters = { mine: false, office: "", code: "", assignee: "", unassigned: false, days: 0, crn: "", page: "" };

export const pageSize = 25;

/** Ages that can be asked for, in days. */
export const ages = [1, 3, 7, 14, 28, 56];

/** Reads the address. What is not understood counts as not asked for. */
export function readFilters(search: string, hash: string): Filters {
  const q = new URLSearchParams(search);
  const text = (name: string, most: number) => (q.get(name) ?? "").slice(0, most);
  const [group, measure, state] = [groups.parse(q.get("group")), measures.parse(q.get("measure")), states.parse(q.get("state"))];
  const days = Number(text("days", 4));
  return {
    mine: q.get("list") === "mine",
    office: text("office", 10).toUpperCase(),
    code: text("code", 10).toUpperCase(),
    ...(group && { group }),
    ...(measure && { measure }),
    assignee: text("officer", 100),
    unassigned: q.get("unassigned") === "yes" && !q.get("officer"),
    days: Number.isInteger(days) && days > 0 ? days : 0,
    ...(state && state !== State.OPEN && { state }),
    crn: (new URLSearchParams(hash.replace(/^#/, "")).get("crn") ?? "").slice(0, 10),
    page: text("page", 400),
  };
}

export function itemsPath(f: Filters): string {
  const q = new URLSearchParams();
  const add = (name: string, value: string | undefined | false | 0) => value && q.set(name, value);
  add("list", f.mine && "mine");
  add("office", f.office);
  add("code", f.code);
  add("group", f.group ? groups.name(f.group) : "");
  add("measure", f.measure ? measures.name(f.measure) : "");
  add("officer", f.assignee);
  add("unassigned", f.unassigned && "yes");
  add("days", f.days && String(f.days));
  add("state", f.state ? states.name(f.state) : "");
  add("page", f.page);
  return routes.workItems + (q.size ? `?${q}` : "") + (f.crn ? `#${new URLSearchParams({ crn: f.crn })}` : "");
}

export function searchOf(f: Filters): SearchWorkItemsRequest {
  // Whole days, so that the pages of a list all ask for the same.
  const before = f.days ? startOf(today(), 1 - f.days) : undefined;
  return create(SearchWorkItemsRequestSchema, {
    office: f.office,
    codes: f.code ? [f.code] : [],
    group: f.group ?? Group.UNSPECIFIED,
    measure: f.measure ?? Measure.UNSPECIFIED,
    crn: f.crn,
    assignee: f.unassigned ? "-" : f.assignee,
    state: f.state ?? State.OPEN,
    pageSize,
    pageToken: f.page,
    count: true,
    ...(before !== undefined && { raisedBefore: timestampFromMs(before) }),
  });
}

/** How many filters narrow the list, page aside. */
export const narrowing = (f: Filters) => [f.mine, f.office, f.code, f.group, f.measure, f.assignee, f.unassigned, f.days, f.state, f.crn].filter(Boolean).length;
