/*
 * Every screen that visits do not begin with, in one piece: in pieces of their own
 * they would be a tenth more to load, and officers go to most of them in a day.
 */
export { Audit } from "../screens/audit/Audit";
export { AuditEntry } from "../screens/audit/AuditEntry";
export { Customer } from "../screens/customer/Customer";
export { Operations } from "../screens/operations/Operations";
export { Report } from "../screens/reports/Report";
export { Reports } from "../screens/reports/Reports";
export { RestrictedAccess } from "../screens/restricted/RestrictedAccess";
export { Submission } from "../screens/submission/Submission";
export { Submissions } from "../screens/submissions/Submissions";
export { WorkItem } from "../screens/workitems/WorkItem";
export { WorkItems } from "../screens/workitems/WorkItems";
