import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { routes } from "../../app/routes";
import { SubmissionStatus, type BusinessFunction, type InformationType, type RejectionReason } from "../../gen/noticehub/event/v1/vocabulary_pb";
import { SearchSubmissionsRequestSchema, SortOrder, type SearchSubmissionsRequest } from "../../gen/noticehub/processing/v1/queue_pb";
import { functions, reasons, termsOf, types } from "../../words/terms";
import { startOf } from "../../words/time";

/** The two lists of submissions: what waits for an officer, and all there are. */
export type List = "queue" | "submissions";

/** What a list shows. All of it stands in the address, which can be kept and shared. */
export type Filters = {
  authority: string;
  function?: BusinessFunction;
  type?: InformationType;
  /** Of all submissions only; the queue has one status. */
  status?: SubmissionStatus;
  reason?: RejectionReason;
  /** Local dates, yyyy-mm-dd, inclusive. */
  from: string;
  to: string;
  /** Officer who holds it; "me" is whoever looks, so that a view can be shared. */
  officer: string;
  unassigned: boolean;
  /** Waiting for at least so many whole days; 0 for any. */
  age: number;
  /** Of what one holds, only what runs out today. */
  due: boolean;
  /** Also what is set aside until a date. */
  held: boolean;
  newest: boolean;
  crn: string;
  reference: string;
  /** Token of the page; empty for the first. */
  page: string;
  /** Rows on the pages before. */
  before: number;
};

export const emptyFilters: Filters = {
  authority: "", from: "", to: "", officer: "", unassigned: false, age: 0, due: false, held: false, newest: false, crn: "", reference: "", page: "", before: 0,
};

/** As the list is when nothing was asked for: the queue oldest first, all submissions newest first. */
export const noFilters = (list: List): Filters => ({ ...emptyFilters, newest: list === "submissions" });

export const pageSize = 25;
/** What runs out today is picked from so many. */
export const mostDue = 200;
export const me = "me";

/** Where a search can find a submission: what is not decided yet is not there. */
export const statuses = [SubmissionStatus.UNPROCESSED, SubmissionStatus.PROCESSED, SubmissionStatus.RETURNED, SubmissionStatus.WITHDRAWN];
export const statusTerms = termsOf<SubmissionStatus>(SubmissionStatus as unknown as Record<string, string | number>);

/** Whether a text is a day the hub can search for. */
export const isDay = (text: string) => /^(19|2\d)\d\d-/.test(text) && startOf(text) !== undefined;

const whole = (text: string | null, most: number) => (text && /^\d{1,7}$/.test(text) ? Math.min(Number(text), most) : 0);

/** Reads the address. What is not understood counts as not asked for. */
export function readFilters(search: string, hash: string, list: List = "queue"): Filters {
  const q = new URLSearchParams(search);
  const secret = new URLSearchParams(hash.replace(/^#/, ""));
  const text = (name: string, most: number) => (q.get(name) ?? "").slice(0, most);
  const date = (name: string) => (isDay(text(name, 10)) ? text(name, 10) : "");
  const [fn, type, reason] = [functions.parse(q.get("function")), types.parse(q.get("type")), reasons.parse(q.get("reason"))];
  const status = list === "submissions" ? statuses.find((s) => statusTerms.name(s) === q.get("status")) : undefined;
  const due = list === "queue" && q.get("due") === "today";
  return {
    authority: text("authority", 40),
    ...(fn && { function: fn }),
    ...(type && { type }),
    ...(status && { status }),
    ...(reason && { reason }),
    from: date("from"),
    to: date("to"),
    officer: due ? me : text("officer", 100),
    unassigned: q.get("unassigned") === "yes" && !q.get("officer") && !due,
    age: whole(q.get("age"), 36_500),
    due,
    held: q.get("held") === "yes" || due,
    newest: list === "submissions" ? q.get("order") !== "oldest" : q.get("order") === "newest",
    crn: (secret.get("crn") ?? "").slice(0, 10),
    reference: (secret.get("reference") ?? "").slice(0, 80),
    page: text("page", 300),
    before: q.get("page") ? whole(q.get("before"), 9_999_999) : 0,
  };
}

/** The filter as it stands in the address before "#": what a saved view keeps. */
export function queryOf(list: List, f: Filters): string {
  const q = new URLSearchParams();
  const add = (name: string, value: string | undefined | false) => value && q.set(name, value);
  add("authority", f.authority);
  add("function", f.function ? functions.name(f.function) : "");
  add("type", f.type ? types.name(f.type) : "");
  add("status", f.status ? statusTerms.name(f.status) : "");
  add("reason", f.reason ? reasons.name(f.reason) : "");
  add("from", f.from);
  add("to", f.to);
  add("due", f.due && "today");
  add("officer", !f.due && f.officer);
  add("unassigned", f.unassigned && "yes");
  add("age", f.age > 0 && String(f.age));
  add("held", f.held && !f.due && "yes");
  add("order", list === "submissions" ? !f.newest && "oldest" : f.newest && "newest");
  add("page", f.page);
  add("before", f.page && f.before > 0 ? String(f.before) : "");
  return q.toString();
}

/**
 * Writes the address. CRN and reference stand behind #, which browsers keep to
 * themselves: they name a customer and must not reach the logs of what is between.
 */
export function pathOf(list: List, f: Filters): string {
  const query = queryOf(list, f);
  const secret = new URLSearchParams();
  if (f.crn) secret.set("crn", f.crn);
  if (f.reference) secret.set("reference", f.reference);
  return routes[list] + (query && `?${query}`) + (secret.size ? `#${secret}` : "");
}

export const queuePath = (f: Filters) => pathOf("queue", f);

/** What to ask the hub for, on behalf of somebody. */
export function searchOf(f: Filters, person: string, list: List = "queue"): SearchSubmissionsRequest {
  const from = f.from ? startOf(f.from) : undefined;
  const before = f.to ? startOf(f.to, 1) : undefined;
  const init: MessageInitShape<typeof SearchSubmissionsRequestSchema> = {
    statuses: list === "queue" ? [SubmissionStatus.UNPROCESSED] : f.status ? [f.status] : [],
    authorityIds: f.authority ? [f.authority] : [],
    businessFunctions: f.function ? [f.function] : [],
    informationTypes: f.type ? [f.type] : [],
    reasons: f.reason ? [f.reason] : [],
    assignedTo: f.officer === me ? person : f.officer,
    unassigned: f.unassigned,
    // Of all submissions nothing is left out.
    includeHeld: f.held || list === "submissions",
    minAgeDays: f.age,
    crn: f.crn,
    reference: f.reference,
    order: f.newest ? SortOrder.NEWEST_FIRST : SortOrder.OLDEST_FIRST,
    pageSize: f.due ? mostDue : pageSize,
    pageToken: f.page,
    ...(from !== undefined && { lodgedFrom: timestampFromMs(from) }),
    ...(before !== undefined && { lodgedBefore: timestampFromMs(before) }),
  };
  return create(SearchSubmissionsRequestSchema, init);
}

/** How many filters narrow the list, order and page aside. */
export const narrowing = (f: Filters) =>
  [f.authority, f.function, f.type, f.status, f.reason, f.from, f.to, f.officer, f.unassigned, f.age, f.due, f.crn, f.reference].filter(Boolean).length;
