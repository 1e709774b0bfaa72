import { create } from "@bufbuild/protobuf";
import { routes } from "../../app/routes";
import { Result, SearchEntriesRequestSchema, type SearchEntriesRequest } from "../../gen/noticehub/audit/v1/audit_pb";
import { instantOf } from "../../words/clock";

/** What is searched for. All of it stands in the address, the CRN behind "#". */
export type Filters = {
  actor: string;
  action: string;
  object: string;
  method: string;
  result: "" | "done" | "refused";
  /** Local date and time in the agency's zone, "2026-11-22T10:30". */
  from: string;
  to: string;
  crn: string;
};

export const emptyFilters: Filters = { actor: "", action: "", object: "", method: "", result: "", from: "", to: "", crn: "" };

export const pageSize = 50;

/** "2026-11-22T10:30" in the agency’s zone. */
const at = (local: string) => instantOf(local.slice(0, 10), local.slice(11, 16));

const inQuery = { actor: 300, action: 100, object: 300, method: 300 } as const;

export function readFilters(search: string, hash: string): Filters {
  const q = new URLSearchParams(search);
  const time = (name: string) => (at(q.get(name) ?? "") ? q.get(name)!.slice(0, 16) : "");
  const f: Filters = { ...emptyFilters, from: time("from"), to: time("to"), crn: (new URLSearchParams(hash.replace(/^#/, "")).get("crn") ?? "").slice(0, 20) };
  for (const [name, most] of Object.entries(inQuery) as [keyof typeof inQuery, number][]) f[name] = (q.get(name) ?? "").slice(0, most);
  const result = q.get("result");
  return result === "done" || result === "refused" ? { ...f, result } : f;
}

/** The CRN stands behind #, which browsers keep to themselves. */
export function auditPath(f: Partial<Filters>): string {
  const q = new URLSearchParams();
  for (const name of [...Object.keys(inQuery), "result", "from", "to"] as (keyof Filters)[]) if (f[name]) q.set(name, f[name]);
  const secret = f.crn ? `#${new URLSearchParams({ crn: f.crn })}` : "";
  return routes.audit + (q.size ? `?${q}` : "") + secret;
}

/** Whether anything is asked for: the result alone is no search. */
export const searches = (f: Filters) => [f.actor, f.action, f.object, f.method, f.from, f.to, f.crn].some(Boolean);

export function requestOf(f: Filters): SearchEntriesRequest {
  const [from, to] = [at(f.from), at(f.to)];
  return create(SearchEntriesRequestSchema, {
    actor: f.actor,
    action: f.action,
    object: f.object,
    method: f.method,
    crn: f.crn,
    result: f.result === "done" ? Result.DONE : f.result === "refused" ? Result.REFUSED : Result.UNSPECIFIED,
    pageSize,
    ...(from && { from }),
    ...(to && { to }),
  });
}

export type Problems = Partial<Record<keyof Filters | "search", string>>;

/** What is wrong, in the hub's words for it. */
export function problemsOf(f: Filters): Problems {
  return {
    ...(!searches(f) && { search: "Name an actor, an action, an object, a CRN, a method or a time." }),
    ...(f.action && !/^[a-z][a-z0-9.-]*$/.test(f.action) && { action: "An action is small letters and points, such as submission.decided." }),
    ...(f.object && !/^[A-Za-z0-9_.:~/-]*$/.test(f.object) && { object: "An object is a kind and an id, such as submission/0192…" }),
    ...(f.method && !/^[A-Za-z0-9_./]*$/.test(f.method) && { method: "A method is a name such as noticehub.audit.v1.AuditService/GetEntry." }),
    ...(f.crn && !/^[A-Za-z0-9]*$/.test(f.crn) && { crn: "A CRN is letters and digits." }),
    ...(f.crn && f.object && { crn: "A CRN is an object: name one of them." }),
    ...(f.from && f.to && f.to < f.from && { to: "This is before the beginning." }),
  };
}
