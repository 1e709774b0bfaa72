/**
 * A text without what nobody sees and no database keeps: control characters other
 * than line breaks and tabs, and halves of characters.
 */
export const plain = (text: string) => text.replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\p{Surrogate}/gu, "");

/** Characters as the contract counts them: an emoji outside the first plane is one. */
export function lengthOf(text: string): number {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

/** What is wrong with a text of so many characters; empty when nothing is. */
export function textProblem(text: string, least: number, most: number, ask: string): string {
  if (lengthOf(text.trim()) < least) return ask;
  const n = lengthOf(text);
  return n > most ? `At most ${most.toLocaleString("en-AU")} characters; there are ${n.toLocaleString("en-AU")}.` : "";
}
