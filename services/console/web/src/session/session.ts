import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { sessionKey } from "../api/calls";
import { setAgencyTime } from "../words/time";

/** Who is signed in, and until when. */
export type Session = {
  person: string;
  roles: string[];
  id: string;
  /** Milliseconds on this page's own clock (performance.now). */
  idleEnds: number;
  ends: number;
};

type Answer = {
  person: string;
  roles: string[];
  session: string;
  idle_ends_at: string;
  ends_at: string;
  now: string;
  business_now: string;
  zone: string;
};

/** Asking does not count as using the session: it may be done as often as one likes. */
async function ask(): Promise<Session | null> {
  const answer = await fetch("/session", { credentials: "same-origin", cache: "no-store" });
  if (answer.status === 401 || answer.status === 403) return null;
  if (!answer.ok) throw new Error(`the session cannot be asked for: ${answer.status}`);
  const a = (await answer.json()) as Answer;
  setAgencyTime(a.zone, Date.parse(a.business_now));
  const now = Date.parse(a.now);
  const onPage = (at: string) => performance.now() + Date.parse(at) - now;
  return { person: a.person, roles: a.roles, id: a.session, idleEnds: onPage(a.idle_ends_at), ends: onPage(a.ends_at) };
}

/** Null when nobody is signed in. */
export const useSessionQuery = () =>
  useQuery({ queryKey: sessionKey, queryFn: ask, refetchInterval: 20_000, refetchOnWindowFocus: "always", retry: 1, structuralSharing: false });

export const SessionContext = createContext<Session | null>(null);

/** The session, below SessionGate. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("no session here: useSession belongs below SessionGate");
  return session;
}

/** The contract's roles that may act on the queue; the hub decides, this only spares refusals. */
export const mayAct = (s: Session) => s.roles.some((r) => r === "contact-officer" || r === "supervisor");
