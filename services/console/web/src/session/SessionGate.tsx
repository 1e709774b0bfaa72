import { PageContent } from "@ag.ds-next/react/content";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { sessionKey } from "../api/calls";
import { Failed } from "../parts/Failed";
import { Loading } from "../parts/Loading";
import { keepDraftsOf } from "../screens/submission/draft";
import { returnFragment } from "./fragment";
import { SessionContext, useSessionQuery } from "./session";
import { SignedOut } from "./SignedOut";

/** Shows what is behind it to people who are signed in. */
export function SessionGate({ children }: { children: ReactNode }) {
  const { data: session, error, isPending, refetch } = useSessionQuery();
  const cache = useQueryClient();
  const [was, setWas] = useState(false);
  const person = session?.person;
  useEffect(returnFragment, []);
  useEffect(() => {
    if (!person) return;
    setWas(true);
    keepDraftsOf(person);
  }, [person]);
  useEffect(() => {
    // Whoever signs in next must not find what the last person saw.
    if (session === null) cache.removeQueries({ predicate: (q) => q.queryKey[0] !== sessionKey[0] });
  }, [session, cache]);
  if (session) return <SessionContext value={session}>{children}</SessionContext>;
  if (session === null) return <SignedOut ended={was} />;
  return (
    <main id="main-content">
      <PageContent>{isPending && !error ? <Loading what="the console" /> : <Failed error={error} onRetry={() => void refetch()} what="The console" />}</PageContent>
    </main>
  );
}
