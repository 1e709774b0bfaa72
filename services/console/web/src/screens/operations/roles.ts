import type { Session } from "../../session/session";

/*
 * Who sees and does what here, as access.yaml has it; the hub decides, this only
 * spares refusals.
 */
const any = (...roles: string[]) => (s: Session) => s.roles.some((r) => roles.includes(r));

export const seesHealth = any("supervisor", "administrator", "contact-officer", "auditor");
export const seesParked = any("supervisor", "administrator", "auditor");
export const seesLoad = any("contact-officer", "supervisor", "auditor");
export const redrives = any("supervisor", "administrator");
