import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe } from "vitest";

/** Where the program is: the test configuration looks for it, and leaves this empty in vain. */
const program = process.env["REDIS_SERVER"] ?? "";

const missing = "no Redis: install redis-server, or set REDIS_SERVER to its path";

/** Why these tests need not run. With `CI=true` nothing is an excuse: they fail. */
const excuse = program === "" && process.env["CI"] !== "true" ? missing : undefined;

/** Tests that need Redis. Without it they are skipped, and their title says why. */
export function describeWithRedis(title: string, tests: () => void): void {
  if (excuse === undefined) describe(title, tests);
  else describe.skip(`${title} (${excuse})`, tests);
}

/** A Redis of our own, empty, on a port that was free. */
export class RedisServer {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #directory: string;

  /** Resolves when it takes connections. */
  static async start(): Promise<RedisServer> {
    if (program === "") throw new Error(missing);
    const port = await freePort();
    const directory = mkdtempSync(join(tmpdir(), "sluice-redis-"));
    const options = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", directory];
    const child = spawn(program, options, { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface(child.stdout)) {
      if (line.includes("Ready to accept connections")) {
        return new RedisServer(`redis://127.0.0.1:${port}`, child, directory);
      }
    }
    throw new Error(`${program} ended with ${child.exitCode} before it was ready`);
  }

  private constructor(url: string, child: ChildProcess, directory: string) {
    this.url = url;
    this.#process = child;
    this.#directory = directory;
    // Whatever else it says is of no interest, but has to be read.
    child.stdout?.resume();
  }

  /** Stops it as a power cut would. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
