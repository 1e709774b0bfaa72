/** A CRN as people type and paste it: "crn: 200 000 007-s" is 200000007S. */
export const normalCrn = (text: string) =>
  text
    .toUpperCase()
    .replace(/^\W*CRN\b/, "")
    .replaceAll(/[\s.:\-‐–—]/g, "");

/** What is wrong with a normalised CRN; empty when nothing is. */
export const crnProblem = (crn: string) => (/^\d{9}[A-Z]$/.test(crn) ? "" : "A CRN is nine digits and a letter, such as 200000007S.");

/**
 * A name under which a text about a customer is kept in the tab. Drafts name no
 * customer: several CRNs share each name, and it cannot be read back.
 */
export function keptNameOf(what: string, crn: string): string {
  let sum = 0x811c9dc5;
  for (const c of crn) sum = Math.imul(sum ^ c.charCodeAt(0), 0x01000193) >>> 0;
  return `${what}/${sum.toString(36)}`;
}
