import { useCallback, useEffect, useState } from "react";
import type { Outcome } from "../../gen/noticehub/event/v1/vocabulary_pb";

/*
 * What an officer has written but not sent outlives a reload and the end of the
 * session. It is kept in the tab (sessionStorage), for the person who wrote it and
 * for 8 hours at most; signing out and recording erase it. Only the officer's own
 * words and choices are kept: no CRN, no name, nothing the hub sent. The candidate
 * chosen is kept as its place in the list, which stands for one version only. The
 * declaration is not kept: it has to be made for what is sent.
 */
export type Draft = {
  outcome?: Outcome;
  note: string;
  noteForAuthority: string;
  /** Place of the candidate in the list; -1 for another customer. */
  candidate?: number;
  startDate: string;
  months: string;
  percent: string;
  /** Notices to revoke. */
  notices: string[];
  /** Rules of the criteria of eligibility that were checked. */
  checked: string[];
};

export const emptyDraft: Draft = { note: "", noteForAuthority: "", startDate: "", months: "", percent: "", notices: [], checked: [] };

type Kept = { person: string; version: number; at: number; draft: Draft };

/** What of a draft stands for one version of the submission only. */
const olderOf = (d: Draft): Draft => (d === emptyDraft ? d : { ...d, candidate: undefined, notices: [], checked: [] });

const prefix = "noticehub.draft.";
const longest = 8 * 3_600_000;

function read(submission: string): Kept | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(prefix + submission) ?? "null") as Kept | null;
    if (kept && Date.now() - kept.at < longest) return kept;
  } catch {
    // Not ours, or cut off: as good as none.
  }
  return undefined;
}

export function dropDrafts(unless: (kept: Kept | undefined) => boolean = () => false) {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(prefix) && !unless(read(key.slice(prefix.length)))) sessionStorage.removeItem(key);
  }
}

/** Erases what others wrote in this tab, and what is too old. */
export const keepDraftsOf = (person: string) => dropDrafts((kept) => kept?.person === person);

/** What somebody wrote for a submission, whether or not its form is shown; undefined when nothing is kept. */
export function keptFor(submission: string, person: string): Draft | undefined {
  const kept = read(submission);
  return kept?.person === person ? { ...emptyDraft, ...kept.draft } : undefined;
}

export const dropDraft = (submission: string) => sessionStorage.removeItem(prefix + submission);

/** The draft of one submission's form. */
export function useDraft(submission: string, person: string, version: number) {
  const [draft, setDraft] = useState<Draft>(() => {
    const kept = read(submission);
    if (kept?.person !== person) return emptyDraft;
    const before = { ...emptyDraft, ...kept.draft };
    return kept.version === version ? before : olderOf(before);
  });
  const [standsFor, setStandsFor] = useState(version);
  if (standsFor !== version) {
    setStandsFor(version);
    setDraft(olderOf);
  }
  useEffect(() => {
    if (draft === emptyDraft) return dropDraft(submission);
    try {
      sessionStorage.setItem(prefix + submission, JSON.stringify({ person, version, at: Date.now(), draft } satisfies Kept));
    } catch {
      // The tab's storage is full: the form works on, and is lost only by a reload.
    }
  }, [draft, submission, person, version]);
  const change = useCallback((part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part })), []);
  const drop = useCallback(() => setDraft(emptyDraft), []);
  return { draft, change, drop, restored: draft !== emptyDraft };
}
