import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import type { App } from "./app.ts";
import { onCore } from "./placement.ts";
import type { Program } from "./rivals/rival.ts";
import type { Memory } from "./servers/announce.ts";

/** How long a server may take to say something. */
const patience = 60_000;

/** A rival's program while it runs. */
export class ServerProcess {
  readonly port: number;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #tellsMemory: boolean;

  private constructor(
    port: number,
    child: ChildProcess,
    lines: Interface,
    { tellsMemory }: Program,
  ) {
    this.port = port;
    this.pid = child.pid as number;
    this.#child = child;
    this.#lines = lines;
    this.#tellsMemory = tellsMemory;
  }

  /** Starts a program on a core; resolves when it listens. */
  static async start(program: Program, app: App, core: number | undefined): Promise<ServerProcess> {
    const parameters = [...program.parameters, JSON.stringify(app)];
    const [command, rest] = onCore(core, program.command, parameters);
    const child = spawn(command, rest, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...program.environment },
    });
    // A line to a process that is gone: its end is noticed where an answer is awaited.
    child.stdin.on("error", () => {});
    const lines = createInterface({ input: child.stdout });
    try {
      const port = Number(await line(child, lines));
      return new ServerProcess(port, child, lines, program);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  /** What it holds, after a collection where it can be asked for one. */
  async memory(): Promise<{ readonly rss: number; readonly heap: number | undefined }> {
    if (!this.#tellsMemory) return { rss: residentSize(this.pid), heap: undefined };
    const told = line(this.#child, this.#lines);
    this.#child.stdin?.write("memory\n");
    return JSON.parse(await told) as Memory;
  }

  /** Ends it at once. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

/** The next line that a program says. */
async function line(child: ChildProcess, lines: Interface): Promise<string> {
  const watch = new AbortController();
  const signal = AbortSignal.any([watch.signal, AbortSignal.timeout(patience)]);
  try {
    const [said] = (await Promise.race([
      once(lines, "line", { signal }),
      once(child, "exit", { signal }).then(([code, by]) => {
        throw new Error(`the server ended with ${code ?? by}`);
      }),
    ])) as [string];
    return said;
  } finally {
    watch.abort();
  }
}

/** The resident memory of a process, in bytes. */
function residentSize(pid: number): number {
  const kilobytes = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}
