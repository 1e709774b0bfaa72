import type { MessageInitShape } from "@bufbuild/protobuf";
import { useTransport } from "@connectrpc/connect-query";
import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { faultOf } from "../../api/fault";
import { QueueService } from "../../gen/noticehub/processing/v1/queue_pb";
import { WorkloadService, type ActionResult, type ActOnSubmissionsRequestSchema } from "../../gen/noticehub/processing/v1/workload_pb";
import { useReread } from "../../parts/useReread";

export type ActRequest = MessageInitShape<typeof ActOnSubmissionsRequestSchema>;
export type Verb = "claim" | "release" | "assign" | "hold" | "reprocess";

/** The most that one request may name. */
export const mostNamed = 500;

/** What is being done to many entries, and what became of each so far. */
export type Acting = {
  verb: Verb;
  requests: ActRequest[];
  total: number;
  results: ReadonlyMap<string, ActionResult>;
  /** Cut: the answer ended before the last result. Refused: nothing was done. */
  state: "running" | "done" | "cut" | "refused";
  error?: unknown;
};

type Shared = { acting: Acting | undefined; begin: (verb: Verb, requests: ActRequest[]) => void; dismiss: () => void };

const Context = createContext<Shared | undefined>(undefined);

export function useActing(): Shared {
  const shared = useContext(Context);
  if (!shared) throw new Error("nothing is done to many here: useActing belongs below ActingOnMany");
  return shared;
}

/**
 * Does one thing to many entries and keeps the result of each until it is
 * dismissed, on whatever screen the officer is meanwhile.
 */
export function ActingOnMany({ children }: { children: ReactNode }) {
  const transport = useTransport();
  const reread = useReread();
  const [acting, setActing] = useState<Acting>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const shared = useMemo((): Shared => {
    async function run(verb: Verb, requests: ActRequest[]) {
      const stop = (running.current = new AbortController());
      const results = new Map<string, ActionResult>();
      let total = 0;
      let begun = false;
      const tell = (state: Acting["state"], error?: unknown) => {
        if (!stop.signal.aborted) setActing({ verb, requests, total, results: new Map(results), state, error });
      };
      tell("running");
      try {
        for (const request of requests) {
          async function* once() {
            yield request;
          }
          const answer = await transport.stream(WorkloadService.method.actOnSubmissions, stop.signal, 0, undefined, once());
          for await (const message of answer.message) {
            begun = true;
            total += Number(message.total);
            for (const r of message.results) results.set(r.submissionId, r);
            tell("running");
          }
        }
        tell(begun && results.size >= total ? "done" : "cut");
      } catch (e) {
        tell(!begun && faultOf(e).reason ? "refused" : "cut", e);
      } finally {
        if (running.current === stop) running.current = undefined;
        void reread(QueueService.method.countQueue);
      }
    }
    return {
      acting,
      begin: (verb, requests) => {
        if (!running.current) void run(verb, requests);
      },
      dismiss: () => setActing(undefined),
    };
  }, [acting, reread, transport]);
  return <Context value={shared}>{children}</Context>;
}

/** Requests that name entries, as few as may be; the action's name keeps each apart. */
export function naming(ids: string[], actionId: string, action: ActRequest["action"]): ActRequest[] {
  const parts: ActRequest[] = [];
  for (let i = 0; i < ids.length; i += mostNamed) {
    parts.push({ actionId: i ? `${actionId}-${i / mostNamed}` : actionId, which: { case: "named", value: { submissionIds: ids.slice(i, i + mostNamed) } }, action });
  }
  return parts;
}
