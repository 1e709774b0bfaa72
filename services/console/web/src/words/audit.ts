import { Result } from "../gen/noticehub/audit/v1/audit_pb";

export const resultWords: Record<Result, string> = {
  [Result.UNSPECIFIED]: "Any",
  [Result.DONE]: "Done",
  [Result.REFUSED]: "Refused",
};

/** Who did something, as the log has it, with the kind in words. */
export function logActorWords(actor: string): string {
  const [kind, id] = actor.split(/:(.*)/s);
  const kinds: Record<string, string> = { officer: "officer", authority: "authority", service: "service" };
  return id && kind && kinds[kind] ? `${id} (${kinds[kind]})` : actor;
}
