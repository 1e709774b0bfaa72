import { useQuery } from "@connectrpc/connect-query";
import { useEffect, useEffectEvent, useState } from "react";
import { AccessState, RestrictedAccessService, type AccessCase, type ListAccessCasesResponse } from "../../gen/noticehub/processing/v1/restricted_pb";
import { useStream } from "../../live/useStream";
import { useSession } from "../../session/session";

const { method } = RestrictedAccessService;
export const most = 500;

/** The parts of the screen, in this order. */
export type Parts = { waiting: AccessCase[]; lifted: AccessCase[]; others: AccessCase[] };

/**
 * The open cases, oldest first. They are read again when the hub tells that they
 * changed: a reading is on record. What only adds rows below shows at once; what
 * would move a row waits until it is asked for.
 */
export function useCases() {
  const { person, roles } = useSession();
  const cases = useQuery(method.listAccessCases, { limit: most }, { refetchOnMount: "always", gcTime: 0 });
  const fresh = cases.data;
  const [told, setTold] = useState<bigint>();
  useStream(method.watchAccessCases, {}, (m) => setTold(m.sign));
  const look = useEffectEvent(() => {
    if (fresh && told !== undefined && told !== fresh.sign) void cases.refetch();
  });
  const loaded = fresh !== undefined;
  useEffect(() => look(), [told, loaded]);

  const decides = roles.includes("restricted-access-officer");
  const partsOf = (all: AccessCase[]): Parts => {
    const waiting = all.filter((c) => decides && c.state === AccessState.REQUESTED && c.requester !== person);
    const lifted = all.filter((c) => c.state === AccessState.LIFTED);
    return { waiting, lifted, others: all.filter((c) => !waiting.includes(c) && !lifted.includes(c)) };
  };
  const places = (all: AccessCase[]) => Object.entries(partsOf(all)).flatMap(([part, list]) => list.map((c) => part + c.caseId));
  const [{ held, at }, setHeld] = useState({ held: fresh, at: cases.dataUpdatedAt });
  const hold = (list: ListAccessCasesResponse, at = cases.dataUpdatedAt) => setHeld({ held: list, at });
  if (fresh && fresh !== held) {
    const now = places(fresh.cases);
    if (!held || places(held.cases).every((place, i) => place === now[i])) hold(fresh);
  }
  const [asked, setAsked] = useState(false);
  const load = async () => {
    setAsked(true);
    const { data, dataUpdatedAt } = await cases.refetch();
    setAsked(false);
    if (data) hold(data, dataUpdatedAt);
  };
  const rows = held?.cases ?? [];
  const known = new Set(rows.map((c) => c.caseId));
  return {
    cases,
    decides,
    rows,
    parts: partsOf(rows),
    changed: fresh !== held,
    added: fresh?.cases.filter((c) => !known.has(c.caseId)).length ?? 0,
    at,
    asked,
    load,
  };
}
