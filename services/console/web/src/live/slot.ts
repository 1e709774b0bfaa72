/*
 * A browser opens at most six connections to a host over HTTP/1.1, and every
 * stream keeps one. So at most two windows of a browser hold streams (two each:
 * the frame's and a screen's); the others ask every second, and every window keeps
 * connections for its calls. The windows agree by two locks of the browser, which
 * end with the window that holds them.
 */
const names = ["noticehub.stream.1", "noticehub.stream.2"];

const holders = new Set<object>();
let release: (() => void) | undefined;
let asking: Promise<boolean> | undefined;

/** Whether the owner may stream now, without asking. */
export const holdsSlot = (owner: object) => release !== undefined && holders.has(owner);

/** Lets the owner stream if this window may. Without the browser's locks nobody streams. */
export async function takeSlot(owner: object): Promise<boolean> {
  holders.add(owner);
  asking ??= find().finally(() => (asking = undefined));
  const found = release !== undefined || (await asking);
  if (holders.size === 0) letGo();
  return found && holdsSlot(owner);
}

/** The owner streams no more; with the last one of the window its lock is free. */
export function leaveSlot(owner: object) {
  holders.delete(owner);
  if (holders.size === 0) letGo();
}

function letGo() {
  release?.();
  release = undefined;
}

async function find(): Promise<boolean> {
  if (release) return true;
  if (!("locks" in navigator)) return false;
  for (const name of names) if (await hold(name)) return true;
  return false;
}

const hold = (name: string) =>
  new Promise<boolean>((told) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        told(lock !== null);
        return lock ? new Promise<void>((go) => (release = go)) : undefined;
      })
      .catch(() => told(false));
  });
