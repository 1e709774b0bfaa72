/** Who did something, of "officer:avery", "authority:frc" or "system". */
export function actorWords(actor: string, me: string): string {
  const [kind, id = ""] = actor.split(/:(.*)/s);
  if (kind === "system") return "NoticeHub";
  if (kind === "officer" || kind === "person") return id === me ? `${id} (you)` : id;
  return kind === "authority" ? `Authority ${id}` : actor;
}

export const holderWords = (heldBy: string, me: string) => (heldBy === me ? "You" : heldBy);
