import { callUnaryMethod, createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useEffectEvent, useMemo, useRef, useState, type ReactNode } from "react";
import { seesQueue } from "../app/screens";
import { QueueService, type CountQueueResponse } from "../gen/noticehub/processing/v1/queue_pb";
import { WorkloadService } from "../gen/noticehub/processing/v1/workload_pb";
import { useSession } from "../session/session";
import { watching } from "./pause";
import { useStream, type Live } from "./useStream";

/** How many submissions the hub watches for one window. */
const mostWatched = 200;
/** How often the stream is compared with the counts as they are: one that died without a word looks alive. */
const checkEvery = 20_000;
/** How long the stream may be behind an answer. */
const behind = 2_000;

type Watcher = { ids: readonly string[]; tell: () => void };
type Shared = { live: Live; register: (w: Watcher) => () => void };

const Context = createContext<Shared | undefined>(undefined);

/** What changes when the queue does; ages change by themselves and are no news. */
export const signOf = (c: CountQueueResponse | undefined) =>
  c && [c.open, c.heldByOfficers, c.onHold, ...c.counts.filter((x) => x.dimension !== "age_days").map((x) => `${x.dimension}/${x.value}=${x.count}`).sort()].join(" ");

/**
 * The queue in numbers, from one source for every screen: lists and counts agree.
 * It names no customer, so that looking leaves no entry in the audit log; screens
 * take it as the sign that something changed.
 */
export function useQueueCount() {
  const session = useSession();
  return useQuery(QueueService.method.countQueue, {}, { enabled: seesQueue(session) });
}

/** Keeps the window's one stream of the queue, for the frame and every screen in it. */
export function QueueLive({ children }: { children: ReactNode }) {
  const session = useSession();
  const transport = useTransport();
  const cache = useQueryClient();
  const watchers = useRef(new Set<Watcher>());
  const [ids, setIds] = useState<readonly string[]>([]);
  const [again, setAgain] = useState(0);
  const key = useMemo(() => createConnectQueryKey({ schema: QueueService.method.countQueue, transport, input: {}, cardinality: "finite" }), [transport]);
  const counts = () => cache.getQueryData<CountQueueResponse>(key);

  const live = useStream(
    WorkloadService.method.watchQueue,
    seesQueue(session) ? { submissionIds: [...ids] } : undefined,
    (message) => {
      if (message.counts) cache.setQueryData(key, message.counts);
      const changed = new Set(message.changed.map((c) => c.submissionId));
      for (const w of watchers.current) if (w.ids.some((id) => changed.has(id))) w.tell();
    },
    () => void cache.refetchQueries({ queryKey: key }, { cancelRefetch: false }),
    again,
  );

  const check = useEffectEvent(async () => {
    if (!watching()) return;
    const before = signOf(counts());
    const now = await callUnaryMethod(transport, QueueService.method.countQueue, {}).catch(() => undefined);
    await new Promise((go) => setTimeout(go, behind));
    if (!now || (signOf(counts()) === before && signOf(now) !== before)) setAgain((n) => n + 1);
  });
  useEffect(() => {
    if (live !== "stream") return;
    const timer = setInterval(() => void check(), checkEvery);
    return () => clearInterval(timer);
  }, [live]);

  const register = useCallback((w: Watcher) => {
    watchers.current.add(w);
    const all = new Set([...watchers.current].flatMap((x) => x.ids));
    // What is watched without need costs less than a new stream.
    setIds((before) => (w.ids.every((id) => before.includes(id)) ? before : [...all].slice(0, mostWatched).sort()));
    return () => void watchers.current.delete(w);
  }, []);
  const shared = useMemo(() => ({ live, register }), [live, register]);
  return <Context value={shared}>{children}</Context>;
}

function useShared(): Shared {
  const shared = useContext(Context);
  if (!shared) throw new Error("nothing is watched here: this belongs below QueueLive");
  return shared;
}

export const useQueueLive = () => useShared().live;

/** Calls `tell` whenever one of the submissions on the screen changed. */
export function useWatchedRows(ids: readonly string[], tell: () => void) {
  const { register } = useShared();
  const told = useEffectEvent(tell);
  const key = ids.join(" ");
  useEffect(() => (key ? register({ ids: key.split(" "), tell: () => told() }) : undefined), [key, register]);
}
