import { execFile, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Hub } from "./hub.js";

/** What a hub's own PostgreSQL is reached with, as its superuser: by the client that came with the server. */
async function client(hub: Hub): Promise<{ psql: string; args: string[] }> {
  const data = join(hub.dir, "postgres", "data");
  const [, , , port, socket] = (await readFile(join(data, "postmaster.pid"), "utf8")).split("\n");
  const server = (await readFile(join(data, "postmaster.opts"), "utf8")).split(" ")[0]!;
  return { psql: join(dirname(server), "psql"), args: ["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", socket!, "-p", port!, "-U", "postgres", "-d", "postgres"] };
}

/** Does something in the hub's database behind the back of its services, as a fault would. Returns the rows as text. */
export async function sql(hub: Hub, text: string): Promise<string> {
  const { psql, args } = await client(hub);
  return (await promisify(execFile)(psql, [...args, "-c", text])).stdout.trim();
}

/** Keeps the locks of a query until what it returns is called, or the hub is killed. */
export async function locked(hub: Hub, query: string): Promise<() => Promise<void>> {
  const { psql, args } = await client(hub);
  const child = spawn(psql, args, { stdio: ["pipe", "pipe", "ignore"] });
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  child.stdin.on("error", () => undefined); // it may have ended with the hub
  await new Promise<void>((held, fail) => {
    let said = "";
    child.stdout.on("data", (part: Buffer) => (said += part.toString()).includes("locked") && held());
    void ended.then(() => fail(new Error("the locks cannot be had")));
    child.stdin.write(`BEGIN;\n${query};\n\\echo locked\n`);
  });
  return async () => {
    child.stdin.end();
    await ended;
  };
}
