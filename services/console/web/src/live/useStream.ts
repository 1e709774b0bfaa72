import type { DescMessage, DescMethodServerStreaming, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useEffect, useEffectEvent, useState } from "react";
import { faultOf } from "../api/fault";
import { onPause, watching } from "./pause";
import { holdsSlot, leaveSlot, takeSlot } from "./slot";

/** How news comes: by a stream, by asking again and again, or not while nobody looks. */
export type Live = "stream" | "polling" | "paused";

/** How often what cannot be streamed is asked for, in milliseconds. */
export const pollEvery = 1_000;
/** A stream that says nothing for so long after it was opened is asked around, then given up. */
const slowAfter = 1_500;
const silentAfter = 10_000;
const longestWait = 30_000;
/** How often a window that may not stream looks whether it may. */
const slotEvery = 3_000;

type Opened = { stop: AbortController; at: number; heard: boolean };

/**
 * Keeps a server stream open while somebody is at the window, and hands over what
 * comes. While no stream can be had, `poll` is called instead every second, and
 * the stream is tried again. Another `again` closes the stream and opens a new one.
 * The stream's first message has to come at once.
 */
export function useStream<I extends DescMessage, O extends DescMessage>(
  method: DescMethodServerStreaming<I, O>,
  request: MessageInitShape<I> | undefined,
  onMessage: (message: MessageShape<O>, first: boolean) => void,
  poll?: () => void,
  again = 0,
): Live {
  const transport = useTransport();
  const [live, setLive] = useState<Live>("polling");
  const hand = useEffectEvent(onMessage);
  const ask = useEffectEvent(() => poll?.());
  const key = request ? JSON.stringify(request) : "";
  const wanted = useEffectEvent(() => request);
  useEffect(() => {
    if (!key) return;
    const owner = {};
    let ended = false;
    let opened: Opened | undefined;
    let wait = pollEvery;
    let tryAt = 0;
    let slotAt = 0;
    async function follow(input: MessageInitShape<I>) {
      const mine: Opened = { stop: new AbortController(), at: performance.now(), heard: false };
      opened = mine;
      async function* once() {
        yield input;
      }
      let refused = false;
      try {
        const answer = await transport.stream(method, mine.stop.signal, 0, undefined, once());
        for await (const message of answer.message) {
          if (mine.stop.signal.aborted) break;
          const first = !mine.heard;
          mine.heard = true;
          wait = pollEvery;
          setLive("stream");
          hand(message, first);
        }
      } catch (e) {
        // Who may not watch asks no further; the screen's own calls tell why.
        refused = faultOf(e).code === Code.PermissionDenied;
      }
      if (opened !== mine) return;
      opened = undefined;
      tryAt = refused ? Number.POSITIVE_INFINITY : performance.now() + wait;
      wait = Math.min(wait * 2, longestWait);
      tick();
    }
    function close() {
      opened?.stop.abort();
      opened = undefined;
      leaveSlot(owner);
    }
    function tick() {
      if (ended) return;
      const now = performance.now();
      if (!watching()) {
        close();
        tryAt = Math.min(tryAt, now);
        setLive("paused");
        return;
      }
      if (opened?.heard || (opened && now - opened.at < slowAfter)) return;
      if (opened && now - opened.at > silentAfter) opened.stop.abort();
      const input = wanted();
      if (!opened && input && now >= tryAt) {
        if (holdsSlot(owner)) return void follow(input);
        if (now >= slotAt) {
          slotAt = now + slotEvery;
          return void takeSlot(owner).then((mine) => {
            if (!mine) inquire();
            else if (ended) leaveSlot(owner);
            else tick();
          });
        }
      }
      inquire();
    }
    function inquire() {
      if (ended) return;
      setLive("polling");
      ask();
    }
    const lost = () => opened?.stop.abort();
    tick();
    const timer = setInterval(tick, pollEvery);
    const forget = onPause(tick);
    document.addEventListener("visibilitychange", tick);
    addEventListener("offline", lost);
    return () => {
      ended = true;
      close();
      clearInterval(timer);
      forget();
      document.removeEventListener("visibilitychange", tick);
      removeEventListener("offline", lost);
    };
  }, [key, method, transport, again]);
  return live;
}
