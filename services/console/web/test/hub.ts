import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { rest } from "./rest.js";
import { until } from "./until.js";

const run = promisify(execFile);
const program = resolve(process.env.NOTICEHUB ?? "../../../bin/noticehub");

async function launch(dir: string, http: string, ...more: string[]): Promise<ChildProcess> {
  const child = spawn(program, ["up", "--dir", dir, "--http", http, "--grpc", "127.0.0.1:0", ...more], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (part: Buffer) => (said += part.toString()));
  try {
    await until(`the hub does not come up: ${said}`, async () => {
      if (child.exitCode !== null) throw new Error(`the hub ended at once: ${said}`);
      return said.includes("NoticeHub is up");
    });
  } catch (e) {
    child.kill("SIGKILL");
    throw e;
  }
  return child;
}

/** A hub of its own in an empty directory, as `make up` runs it, and its command line. */
export class Hub {
  private constructor(
    private process: ChildProcess,
    readonly dir: string,
    readonly origin: string,
  ) {}

  static async start(customers = 200): Promise<Hub> {
    const dir = await mkdtemp(join(tmpdir(), "console-test-"));
    await chmod(dir, 0o755); // the database runs as another user
    const child = await launch(dir, "127.0.0.1:0", "--customers", String(customers));
    const address = JSON.parse(await readFile(join(dir, "address.json"), "utf8")) as { http: string };
    return new Hub(child, dir, `http://${address.http}`);
  }

  /** Ends the hub as a loss of power does; what it acknowledged is on the disk. */
  async kill() {
    const ended = new Promise((done) => this.process.once("exit", done));
    this.process.kill("SIGKILL");
    await ended;
  }

  /** Starts it again after kill, at the same address. */
  async again() {
    this.process = await launch(this.dir, new URL(this.origin).host);
  }

  async stop() {
    this.process.kill("SIGTERM");
    await new Promise((done) => (this.process.exitCode === null ? this.process.once("exit", done) : done(undefined)));
    await rm(this.dir, { recursive: true, force: true });
  }

  /** The command line, as officers and authorities without the console use it. */
  async cli(...args: string[]): Promise<string> {
    const { stdout } = await run(program, [...args, "--dir", this.dir], { env: { ...process.env, HOME: this.dir } });
    return stdout;
  }

  /** Lodges a search that finds nobody; it waits for an officer. Returns the submission's id. */
  async lodgeSearch(reference: string, family = "Nobody"): Promise<string> {
    await this.cli("submit", "--as", "nt-cp", "--type", "find-mutual-client", "--family", family, "--given", "None", "--born", "1990-01-01", "--reference", reference);
    return this.idOf(reference);
  }

  async idOf(reference: string): Promise<string> {
    // It is decided a moment after it was lodged.
    return until(`no submission ${reference}`, async () => {
      const answer = await this.rest<{ submissions?: { submissionId: string }[] }>("POST", "/v1/queue:search", { reference });
      return answer.submissions?.[0]?.submissionId;
    });
  }

  /** A call as another person, by a development token. */
  rest<T>(method: string, path: string, body?: unknown, person?: string): Promise<T> {
    return rest<T>(this.origin, method, path, body, person);
  }
}
