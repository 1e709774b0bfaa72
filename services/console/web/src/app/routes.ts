/**
 * The addresses of the console's screens. The service answers exactly these with
 * the page: services/console/internal/app/app.go has them too, and a browser test
 * opens each. Customers and references never are part of an address that is sent.
 */
export const routes = {
  home: "/",
  queue: "/queue",
  submissions: "/submissions",
  submission: "/submissions/:id",
  restricted: "/restricted-access",
  /** The CRN stands behind "#": /customer#crn=200000007S. */
  customer: "/customer",
  workItems: "/work-items",
  workItem: "/work-items/:id",
  reports: "/reports",
  report: "/reports/:authority/:date",
  operations: "/operations",
  audit: "/audit",
  auditEntry: "/audit/:position",
} as const;

export const submissionPath = (id: string) => `/submissions/${encodeURIComponent(id)}`;
export const customerPath = (crn: string) => `/customer#crn=${encodeURIComponent(crn)}`;
export const workItemPath = (id: string) => `/work-items/${encodeURIComponent(id)}`;
export const reportPath = (authority: string, date: string) => `/reports/${encodeURIComponent(authority)}/${encodeURIComponent(date)}`;
export const auditEntryPath = (position: bigint | number) => `/audit/${position}`;
