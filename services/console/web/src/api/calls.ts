import { createConnectTransport } from "@connectrpc/connect-web";
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { faultOf, sortOf } from "./fault";

/** Same origin, with the session's cookie; the hub accepts it from its own pages only. */
export const transport = createConnectTransport({
  baseUrl: location.origin,
  useBinaryFormat: true,
  defaultTimeoutMs: 10_000,
  fetch: (input, init) => fetch(input, { ...init, credentials: "same-origin", redirect: "error" }),
});

export const sessionKey = ["session"] as const;

/** A call that finds nobody signed in has the session looked at again at once. */
function noticeEnd(error: unknown) {
  if (sortOf(faultOf(error)) === "signed-out") void queries.invalidateQueries({ queryKey: sessionKey });
}

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: noticeEnd }),
  mutationCache: new MutationCache({ onError: noticeEnd }),
  defaultOptions: {
    queries: {
      // What an officer looks at does not change under the eyes, and every read of
      // personal data is on record: screens load again when asked to.
      staleTime: Infinity,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (times, error) => times < 2 && sortOf(faultOf(error)) === "unreachable",
      networkMode: "always",
    },
    // Never sent again by itself: the officer decides, under the same action id.
    mutations: { retry: false, networkMode: "always" },
  },
});
