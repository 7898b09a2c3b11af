import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The checkout. */
const root = join(import.meta.dirname, "../..");

/** How a program ended: with an exit code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that was started as a user starts it, in a process group of its own. */
export class Program {
  /** The lines that it printed. */
  readonly output: string[] = [];
  /** The lines that it printed to stderr. */
  readonly errors: string[] = [];
  /** Resolves when it ended and everything that it printed is here. */
  readonly exit: Promise<Exit>;
  readonly #process: ChildProcess;

  private constructor(command: string, parameters: readonly string[], environment: object) {
    const { PORT: _port, HOST: _host, LAYER: _layer, ...env } = process.env;
    this.#process = spawn(command, parameters, {
      cwd: root,
      env: { ...env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.exit = once(this.#process, "close").then(([code, signal]) => ({ code, signal }));
    const { stdout, stderr } = this.#process;
    if (stdout !== null) createInterface(stdout).on("line", (line) => this.output.push(line));
    if (stderr !== null) createInterface(stderr).on("line", (line) => this.errors.push(line));
  }

  /** `npm start`, as the README says it. */
  static npmStart(environment: object): Program {
    return new Program("npm", ["start"], environment);
  }

  /** What `npm start` runs, without npm. */
  static start(environment: object): Program {
    return new Program(process.execPath, ["scripts/start.mjs"], environment);
  }

  /** Resolves with the URL that it prints; rejects if it ends without. */
  async url(): Promise<string> {
    const line = await this.line(/^sluice is listening on http:/);
    return line.slice("sluice is listening on ".length);
  }

  /** Resolves with the first line that it printed, or will print, and that matches. */
  async line(pattern: RegExp): Promise<string> {
    let ended = false;
    void this.exit.then(() => {
      ended = true;
    });
    for (;;) {
      const line = this.output.find((line) => pattern.test(line));
      if (line !== undefined) return line;
      if (ended) throw new Error(`it ended and printed ${JSON.stringify(this.errors)}`);
      await Promise.race([once(this.#process.stdout ?? this.#process, "data"), this.exit]);
    }
  }

  /** Sends a signal to this process alone. */
  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Sends a signal to all processes of its group, as a terminal does at Ctrl-C. */
  killGroup(signal: NodeJS.Signals): void {
    if (this.#process.pid === undefined) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch (error) {
      // The group may be gone already.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
