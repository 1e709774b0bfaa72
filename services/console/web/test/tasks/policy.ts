import { must, type Task } from "../task.js";

/** The policy holds, and the tests would notice if a page violated it. */
export const policy: Task = {
  name: "the content security policy lets no foreign script or style in, and violations are noticed",
  async run({ context, complaints, open }) {
    await open("/queue");
    const page = await context.newPage();
    const answer = await page.goto("/queue");
    const header = answer?.headers()["content-security-policy"] ?? "";
    must(!/unsafe|\*|https?:/.test(header), `the policy is loose: ${header}`);
    must(answer?.headers()["cache-control"] === "no-store", "the document may be stored");
    const script = await page.evaluate(() => document.querySelector("script")?.src ?? "");
    const asset = await page.request.get(script);
    must(/immutable/.test(asset.headers()["cache-control"] ?? ""), "the script is not kept by browsers");
    must(asset.headers()["content-encoding"] === "gzip", "the script is not packed");
    complaints.expect(/script-src|style-src|policy|Content Security|TrustedScript|trusted/i);
    const before = await page.evaluate(() => {
      const w = window as unknown as { ran?: boolean; seen: string[] };
      w.seen = [];
      document.addEventListener("securitypolicyviolation", (e) => w.seen.push(e.effectiveDirective));
      try {
        const s = document.createElement("script");
        s.textContent = "window.ran = true";
        document.body.append(s);
      } catch {
        w.seen.push("script refused");
      }
      const style = document.createElement("style");
      style.textContent = "body { display: none }";
      document.body.append(style);
      return Boolean(w.ran);
    });
    must(!before, "a script that stands in the page ran");
    await page.waitForFunction(() => (window as unknown as { seen: string[] }).seen.length >= 2);
    must(await page.locator("body").isVisible(), "a foreign style took effect");
  },
};
