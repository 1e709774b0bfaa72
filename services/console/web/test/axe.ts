import { AxeBuilder } from "@axe-core/playwright";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";

export const output = process.env.OUTPUT ?? "../../../out/browser-test";
mkdirSync(output, { recursive: true });

let found = 0;
const screens = new Set<string>();

/**
 * One screen in one state: axe by WCAG 2.2 AA and best practice, no sideways
 * scrolling of the page, and a picture kept as output.
 */
export async function look(page: Page, name: string) {
  screens.add(name);
  await page.screenshot({ path: join(output, `${name}.png`), fullPage: true });
  const result = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  found += result.violations.length;
  const problems = result.violations.map((v) => `${v.id} (${v.impact}): ${v.help}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
  if (problems.length > 0) writeFileSync(join(output, `${name}.axe.json`), JSON.stringify(result.violations, null, 2));
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (over > 1) problems.push(`the page is ${over} pixels wider than its window`);
  if (problems.length > 0) throw new Error(`${name}: ${problems.join("; ")}`);
}

export const figures = () => ({ screens: screens.size, axe_findings: found });
