import { ChartBarIcon, EmailIcon, FileTextIcon, FilterIcon, HistoryIcon, HomeIcon, LockIcon, ProgressTodoIcon, UsersIcon } from "@ag.ds-next/react/icon";
import type { Session } from "../session/session";
import { routes } from "./routes";

/** A place of the main navigation. */
export type Screen = {
  path: string;
  label: string;
  icon: typeof HomeIcon;
  /** Who can do something there (access.yaml); the hub decides, this only spares refusals. */
  roles: readonly string[];
  /** What addresses that belong to it begin with, beside its own. */
  under?: string;
};

const queue = ["contact-officer", "supervisor", "restricted-access-officer", "auditor"];
const officers = ["contact-officer", "officer", "impact-officer", "restricted-access-officer", "social-worker", "social-work-manager", "supervisor"];

/** The main navigation, in its order. */
export const screens: readonly Screen[] = [
  { path: routes.home, label: "Home", icon: HomeIcon, roles: [...officers, "auditor", "administrator"] },
  { path: routes.queue, label: "Unprocessed queue", icon: FilterIcon, roles: queue, under: "/submissions/" },
  { path: routes.submissions, label: "Submissions", icon: FileTextIcon, roles: queue },
  { path: routes.restricted, label: "Restricted Access", icon: LockIcon, roles: ["restricted-access-officer", "contact-officer", "supervisor"] },
  { path: routes.customer, label: "Customer", icon: UsersIcon, roles: [...officers, "auditor"] },
  { path: routes.workItems, label: "Work items", icon: ProgressTodoIcon, roles: [...officers, "auditor"], under: "/work-items/" },
  { path: routes.reports, label: "Daily reports", icon: EmailIcon, roles: ["contact-officer", "supervisor", "auditor", "administrator"], under: "/reports/" },
  { path: routes.operations, label: "Operations", icon: ChartBarIcon, roles: ["supervisor", "administrator", "contact-officer", "auditor"] },
  { path: routes.audit, label: "Audit", icon: HistoryIcon, roles: ["auditor"], under: "/audit/" },
];

export const openTo = (s: Session, screen: Screen) => s.roles.some((r) => screen.roles.includes(r));

/** Whether an address of the main navigation is open to somebody. */
export const mayOpen = (s: Session, path: string) => screens.some((screen) => screen.path === path && openTo(s, screen));

/** Whether somebody sees the queue: its numbers, its list, all submissions. */
export const seesQueue = (s: Session) => mayOpen(s, routes.queue);

/** Whether somebody works on submissions or work items; auditors and administrators only look. */
export const isOfficer = (s: Session) => s.roles.some((r) => officers.includes(r));
