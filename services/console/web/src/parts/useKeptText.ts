import { useState } from "react";

// Kept as the drafts of submissions are (screens/submission/draft.ts): under the
// same name and in the same shape, so that signing out and the next person in this
// tab erase it too.
const prefix = "noticehub.draft.text:";
const longest = 8 * 3_600_000;

function read(name: string, person: string): string {
  try {
    const kept = JSON.parse(sessionStorage.getItem(prefix + name) ?? "null") as { person: string; at: number; draft: string } | null;
    if (kept?.person === person && Date.now() - kept.at < longest) return kept.draft;
  } catch {
    // Not ours, or cut off: as good as none.
  }
  return "";
}

/** A text of the officer's own that outlives a reload and the end of the session. */
export function useKeptText(name: string, person: string) {
  const [text, setText] = useState(() => read(name, person));
  // Written at once: what was sent must be forgotten even when its form is gone by then.
  const set = (next: string) => {
    setText(next);
    if (next) sessionStorage.setItem(prefix + name, JSON.stringify({ person, version: 0, at: Date.now(), draft: next }));
    else sessionStorage.removeItem(prefix + name);
  };
  return [text, set] as const;
}
