import { createQueryOptions } from "@connectrpc/connect-query";
import { hashKey } from "@tanstack/react-query";
import { queries, sessionKey, transport } from "../../api/calls";
import { routes } from "../../app/routes";
import { seesQueue } from "../../app/screens";
import { QueueService } from "../../gen/noticehub/processing/v1/queue_pb";
import type { Session } from "../../session/session";
import { readFilters, searchOf } from "./filters";

/**
 * A visit that begins with the queue asks for its page the moment it is known who
 * looks, and draws the frame while the hub answers. The list then waits for that
 * same answer: it is read, and on record, once.
 */
export function readQueueEarly() {
  if (location.pathname !== routes.queue) return;
  const session = hashKey(sessionKey);
  const stop = queries.getQueryCache().subscribe(({ query }) => {
    const found = query.queryHash === session ? (query.state.data as Session | null | undefined) : undefined;
    if (found === undefined) return;
    stop();
    if (!found || !seesQueue(found)) return;
    const request = searchOf(readFilters(location.search, location.hash), found.person);
    void queries.prefetchQuery({ ...createQueryOptions(QueueService.method.searchSubmissions, request, { transport }), gcTime: 0 });
  });
}
