const words: Record<string, string> = {
  "contact-officer": "Contact officer",
  officer: "Officer",
  "impact-officer": "IMPACT officer",
  "restricted-access-officer": "Restricted Access officer",
  "social-worker": "Social worker",
  "social-work-manager": "Social work manager",
  supervisor: "Supervisor",
  auditor: "Auditor",
  administrator: "Administrator",
};

export const roleWords = (roles: string[]) => roles.map((r) => words[r] ?? r).join(", ");
