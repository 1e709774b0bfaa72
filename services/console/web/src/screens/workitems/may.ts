import { ActionedBy, type WorkItem } from "../../gen/noticehub/workitem/v1/workitem_pb";
import type { Session } from "../../session/session";

const officers = ["contact-officer", "officer", "impact-officer", "restricted-access-officer", "social-worker", "social-work-manager", "supervisor"];

const has = (s: Session, ...roles: string[]) => s.roles.some((r) => roles.includes(r));

/** The hub decides; these only spare refusals. */
export const isOfficer = (s: Session) => has(s, ...officers);
export const isSupervisor = (s: Session) => has(s, "supervisor");
export const isRestrictedOfficer = (s: Session) => has(s, "restricted-access-officer");
export const seesWork = (s: Session) => isOfficer(s) || has(s, "auditor");

/** An item of a restricted record tells nothing of what it is about. */
export const isHidden = (w: WorkItem) => w.code === "";

export function mayAction(s: Session, w: WorkItem): boolean {
  switch (w.actionedBy) {
    case ActionedBy.ANY:
      return isOfficer(s);
    case ActionedBy.IMCO:
      return has(s, "contact-officer");
    case ActionedBy.IMPACT:
      return has(s, "impact-officer");
    default:
      return false;
  }
}
