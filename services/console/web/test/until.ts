import { setTimeout as pause } from "node:timers/promises";

/** Looks again and again until something is there; a slow machine has two minutes, a quick one waits for nothing. */
export async function until<T>(words: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const end = Date.now() + 120_000;
  for (let wait = 20; ; wait = Math.min(2 * wait, 250)) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(words);
    await pause(wait);
  }
}
