import { sha256 } from "../../parts/saveFile";

/** What a checkpoint states: how many entries the log has, and the root of the tree over them. */
export type Checkpoint = { size: bigint; root: Uint8Array };

/** Reads a checkpoint: name, size, root in base64. Its signature is for the command line. */
export function readCheckpoint(text: string): Checkpoint | undefined {
  const [, size = "", root = ""] = text.split("\n");
  if (!/^(0|[1-9]\d{0,18})$/.test(size) || !/^[A-Za-z0-9+/]{43}=$/.test(root)) return undefined;
  return { size: BigInt(size), root: Uint8Array.from(atob(root), (c) => c.charCodeAt(0)) };
}

const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((p) => [...p]));
const same = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((x, i) => x === b[i]);

/**
 * Whether a leaf is at its position in the tree of a checkpoint (RFC 9162, 2.1.3.2;
 * the hashes are those of RFC 6962): the hashes are folded over the leaf's and have
 * to give the root.
 */
export async function included(leaf: Uint8Array, position: bigint, hashes: readonly Uint8Array[], c: Checkpoint): Promise<boolean> {
  if (position < 0n || position >= c.size) return false;
  let [fn, sn] = [position, c.size - 1n];
  let hash = await sha256(joined(Uint8Array.of(0), leaf));
  for (const h of hashes) {
    if (sn === 0n || h.length !== 32) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      hash = await sha256(joined(Uint8Array.of(1), h, hash));
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      hash = await sha256(joined(Uint8Array.of(1), hash, h));
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && same(hash, c.root);
}
