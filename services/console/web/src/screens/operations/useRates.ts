import { useEffect, useState } from "react";
import type { GetHealthResponse } from "../../gen/noticehub/operations/v1/operations_pb";

/** How much of the past is kept in the page, in samples of a second. */
const kept = 120;

export type Rates = ReadonlyMap<string, readonly number[]>;

export const serviceKey = (service: string) => service;
export const consumerKey = (service: string, consumer: string) => `${service}/${consumer}`;

/** The rates of the last two minutes, of every service and consumer. */
export function useRates(health: GetHealthResponse | undefined, at: number): Rates {
  const [rates, setRates] = useState<Rates>(new Map());
  useEffect(() => {
    if (!health) return;
    setRates((before) => {
      const next = new Map<string, readonly number[]>();
      const add = (key: string, rate: number) => next.set(key, [...(before.get(key) ?? []), rate].slice(-kept));
      for (const s of health.services) {
        add(serviceKey(s.service), s.transactionsPerSecond);
        for (const c of s.consumers) add(consumerKey(s.service, c.consumer), c.eventsPerSecond);
      }
      return next;
    });
    // Each answer is a sample, also one that is equal to the one before.
  }, [health, at]);
  return rates;
}
