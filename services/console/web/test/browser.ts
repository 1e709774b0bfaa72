import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

export const officer = "contact-officer.avery";

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // The tests run as whoever runs them, root too; nothing is asked of other hosts.
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
}

/** What a page complained of: a test that leaves anything here has failed. */
export class Complaints {
  readonly list: string[] = [];
  /** Failures of the network that a test makes on purpose. */
  private expected: RegExp[] = [
    // The page asks whether somebody is signed in; browsers log the answer "no".
    /status of 401 .*\/session$/,
  ];

  expect(...patterns: RegExp[]) {
    this.expected.push(...patterns);
  }

  add(text: string) {
    if (!this.expected.some((p) => p.test(text))) this.list.push(text);
  }
}

/** A new browser profile whose pages report violations of the policy and errors. */
export async function profile(browser: Browser, origin: string, size = { width: 1360, height: 900 }) {
  const complaints = new Complaints();
  // The zone of the machine differs from the agency's: dates must not follow it.
  const context = await browser.newContext({ baseURL: origin, viewport: size, timezoneId: "America/New_York", locale: "en-AU", reducedMotion: "reduce" });
  // A loaded machine has time; what has to be quick is measured, not timed out.
  context.setDefaultTimeout(60_000);
  await context.exposeFunction("reportViolation", (text: string) => complaints.add(`policy: ${text}`));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (e) => {
      void (window as unknown as { reportViolation: (t: string) => void }).reportViolation(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`);
    });
  });
  context.on("weberror", (e) => complaints.add(`error: ${e.error().message}`));
  context.on("console", (m) => m.type() === "error" && complaints.add(`console: ${m.text()} ${m.location().url}`));
  return { context, complaints };
}

/** Signs in at the development provider, as a person does. */
export async function signIn(context: BrowserContext, account = officer, to = "/"): Promise<Page> {
  const page = await context.newPage();
  await page.goto(to);
  await page.getByRole("link", { name: "Sign in" }).click();
  await chooseAccount(page, account);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

/** On the provider's page: picks who signs in and waits for the console. */
export async function chooseAccount(page: Page, account: string) {
  await page.getByRole("button", { name: account }).click();
  await page.waitForSelector("#console main");
}
