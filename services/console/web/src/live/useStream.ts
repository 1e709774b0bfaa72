import type { DescMessage, DescMethodServerStreaming, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useEffect, useEffectEvent, useState } from "react";
import { faultOf } from "../api/fault";
import { attentive } from "../session/attention";

/** How news comes: by a stream, by asking again and again, or not while nobody looks. */
export type Live = "stream" | "polling" | "paused";

/** How often what cannot be streamed is asked for, in milliseconds. */
export const pollEvery = 1_000;

/**
 * Keeps a server stream open while somebody is at the window, and hands over what
 * comes. While no stream can be had, `poll` is called instead every second, and
 * the stream is tried again.
 */
export function useStream<I extends DescMessage, O extends DescMessage>(
  method: DescMethodServerStreaming<I, O>,
  request: MessageInitShape<I> | undefined,
  onMessage: (message: MessageShape<O>) => void,
  poll?: () => void,
): Live {
  const transport = useTransport();
  const [live, setLive] = useState<Live>("paused");
  const hand = useEffectEvent(onMessage);
  const ask = useEffectEvent(() => poll?.());
  const key = request ? JSON.stringify(request) : "";
  const wanted = useEffectEvent(() => request);
  useEffect(() => {
    if (!key) return;
    const ended = new AbortController();
    let opened: AbortController | undefined;
    let wait = pollEvery;
    let tryAt = 0;
    async function follow(input: MessageInitShape<I>) {
      const stop = (opened = new AbortController());
      async function* once() {
        yield input;
      }
      try {
        const answer = await transport.stream(method, stop.signal, 0, undefined, once());
        for await (const message of answer.message) {
          wait = pollEvery;
          setLive("stream");
          hand(message);
        }
      } catch (e) {
        // Who may not watch asks no further; the screen's own calls tell why.
        if (faultOf(e).code === Code.PermissionDenied) tryAt = Number.POSITIVE_INFINITY;
      }
      if (opened === stop) opened = undefined;
      if (tryAt < Number.POSITIVE_INFINITY) tryAt = performance.now() + wait;
      wait = Math.min(wait * 2, 30_000);
    }
    const tick = () => {
      if (ended.signal.aborted) return;
      if (!attentive()) {
        opened?.abort();
        setLive("paused");
        return;
      }
      if (opened) return;
      setLive("polling");
      ask();
      const input = wanted();
      if (input && performance.now() >= tryAt) void follow(input);
    };
    tick();
    const timer = setInterval(tick, pollEvery);
    return () => {
      ended.abort();
      opened?.abort();
      clearInterval(timer);
    };
  }, [key, method, transport]);
  return live;
}
