import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { routes } from "../../app/routes";
import { SubmissionStatus, type BusinessFunction, type InformationType, type RejectionReason } from "../../gen/noticehub/event/v1/vocabulary_pb";
import { SearchSubmissionsRequestSchema, SortOrder, type SearchSubmissionsRequest } from "../../gen/noticehub/processing/v1/queue_pb";
import { functions, reasons, types } from "../../words/terms";
import { startOf } from "../../words/time";

/** What the queue shows. All of it stands in the address, which can be kept and shared. */
export type Filters = {
  authority: string;
  function?: BusinessFunction;
  type?: InformationType;
  reason?: RejectionReason;
  /** Local dates, yyyy-mm-dd, inclusive. */
  from: string;
  to: string;
  /** Officer who holds it. */
  officer: string;
  unassigned: boolean;
  /** Also what is set aside until a date. */
  held: boolean;
  newest: boolean;
  crn: string;
  reference: string;
  /** Token of the page; empty for the first. */
  page: string;
};

export const emptyFilters: Filters = { authority: "", from: "", to: "", officer: "", unassigned: false, held: false, newest: false, crn: "", reference: "", page: "" };

export const pageSize = 25;

/** Reads the address. What is not understood counts as not asked for. */
export function readFilters(search: string, hash: string): Filters {
  const q = new URLSearchParams(search);
  const secret = new URLSearchParams(hash.replace(/^#/, ""));
  const text = (name: string, most: number) => (q.get(name) ?? "").slice(0, most);
  const date = (name: string) => (startOf(text(name, 10)) === undefined ? "" : text(name, 10));
  const [fn, type, reason] = [functions.parse(q.get("function")), types.parse(q.get("type")), reasons.parse(q.get("reason"))];
  return {
    authority: text("authority", 40),
    ...(fn && { function: fn }),
    ...(type && { type }),
    ...(reason && { reason }),
    from: date("from"),
    to: date("to"),
    officer: text("officer", 100),
    unassigned: q.get("unassigned") === "yes" && !q.get("officer"),
    held: q.get("held") === "yes",
    newest: q.get("order") === "newest",
    crn: (secret.get("crn") ?? "").slice(0, 10),
    reference: (secret.get("reference") ?? "").slice(0, 80),
    page: text("page", 300),
  };
}

/**
 * Writes the address. CRN and reference stand behind #, which browsers keep to
 * themselves: they name a customer and must not reach the logs of what is between.
 */
export function queuePath(f: Filters): string {
  const q = new URLSearchParams();
  const secret = new URLSearchParams();
  const add = (to: URLSearchParams, name: string, value: string | undefined | false) => value && to.set(name, value);
  add(q, "authority", f.authority);
  add(q, "function", f.function ? functions.name(f.function) : "");
  add(q, "type", f.type ? types.name(f.type) : "");
  add(q, "reason", f.reason ? reasons.name(f.reason) : "");
  add(q, "from", f.from);
  add(q, "to", f.to);
  add(q, "officer", f.officer);
  add(q, "unassigned", f.unassigned && "yes");
  add(q, "held", f.held && "yes");
  add(q, "order", f.newest && "newest");
  add(q, "page", f.page);
  add(secret, "crn", f.crn);
  add(secret, "reference", f.reference);
  return routes.queue + (q.size ? `?${q}` : "") + (secret.size ? `#${secret}` : "");
}

/** What to ask the hub for. */
export function searchOf(f: Filters): SearchSubmissionsRequest {
  const from = f.from ? startOf(f.from) : undefined;
  const before = f.to ? startOf(f.to, 1) : undefined;
  const init: MessageInitShape<typeof SearchSubmissionsRequestSchema> = {
    statuses: [SubmissionStatus.UNPROCESSED],
    authorityIds: f.authority ? [f.authority] : [],
    businessFunctions: f.function ? [f.function] : [],
    informationTypes: f.type ? [f.type] : [],
    reasons: f.reason ? [f.reason] : [],
    assignedTo: f.officer,
    unassigned: f.unassigned,
    includeHeld: f.held,
    crn: f.crn,
    reference: f.reference,
    order: f.newest ? SortOrder.NEWEST_FIRST : SortOrder.OLDEST_FIRST,
    pageSize,
    pageToken: f.page,
    ...(from !== undefined && { lodgedFrom: timestampFromMs(from) }),
    ...(before !== undefined && { lodgedBefore: timestampFromMs(before) }),
  };
  return create(SearchSubmissionsRequestSchema, init);
}

/** How many filters narrow the list, order and page aside. */
export const narrowing = (f: Filters) =>
  [f.authority, f.function, f.type, f.reason, f.from, f.to, f.officer, f.unassigned, f.crn, f.reference].filter(Boolean).length;
