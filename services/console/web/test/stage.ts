import { spawn, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";

const bench = resolve(process.env.BENCH ?? "../../../bin/bench");
const program = resolve(process.env.NOTICEHUB ?? "../../../bin/noticehub");

/** How many submissions speed is measured over. */
export const rows = Number(process.env.ROWS ?? 5_000_000);

/** A hub filled with many submissions, on a database of its own. */
export class Stage {
  private constructor(
    private readonly process: ChildProcess,
    readonly origin: string,
  ) {}

  static async start(): Promise<Stage> {
    const child = spawn(bench, ["-stage", "-rows", String(rows), "-hub", program], { stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    child.stderr.on("data", (part: Buffer) => (said += part.toString()));
    const address = await new Promise<string>((found, fail) => {
      let out = "";
      child.stdout.on("data", (part: Buffer) => {
        out += part.toString();
        const line = /^stage (\S+)/m.exec(out);
        if (line?.[1]) found(line[1]);
      });
      child.once("exit", () => fail(new Error(`the filled hub ended: ${said}`)));
    });
    return new Stage(child, address);
  }

  async stop() {
    const ended = new Promise((done) => (this.process.exitCode === null ? this.process.once("exit", done) : done(undefined)));
    this.process.stdin?.end();
    await ended;
  }
}
