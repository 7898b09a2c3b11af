import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";

/** What an agent is: a server, one that takes WebSockets over HTTP/2, or a client. */
export type AgentRole = "server" | "http2" | "client";

/**
 * A program that echoes, in a process of its own. As a server, it writes its URL in a line to its
 * standard output; as a client, it reads URLs from its standard input, line by line, and connects to
 * each. When it dies it is started again, as soon as it is needed.
 */
export class Agent {
  readonly name: string;
  readonly role: AgentRole;
  /** How each of its processes ended. */
  readonly ends: string[] = [];
  readonly #program: string;
  #process: ChildProcess | undefined;
  #url: Promise<URL> | undefined;

  constructor(
    name: string,
    role: AgentRole,
    program: string = join(import.meta.dirname, "agents", `${name}-${role}.js`),
  ) {
    this.name = name;
    this.role = role;
    this.#program = program;
  }

  /** Whether there is such a program. */
  get exists(): boolean {
    return existsSync(this.#program);
  }

  /** What is tested: the name of its package, and the version. */
  get version(): string {
    const manifest = createRequire(import.meta.url)(`${this.name}/package.json`) as {
      version: string;
    };
    return `${this.name} ${manifest.version}`;
  }

  /** Where the server listens. */
  url(): Promise<URL> {
    this.#start();
    return this.#url as Promise<URL>;
  }

  /** Has the client connect to a URL. */
  connect(url: string): void {
    this.#start().stdin?.write(`${url}\n`);
  }

  /** Ends the process. */
  kill(): void {
    this.#process?.kill("SIGKILL");
    this.#process = undefined;
  }

  #start(): ChildProcess {
    if (this.#process) return this.#process;
    const child = spawn(process.execPath, [this.#program], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#process = child;
    // A write to a process that is gone: its end is noticed below.
    child.stdin.on("error", () => {});
    child.once("exit", (code, signal) => {
      this.ends.push(`its process ended with ${signal ?? code}`);
      if (this.#process === child) this.#process = undefined;
    });
    this.#url = firstLine(child);
    // It is awaited by servers only.
    this.#url.catch(() => {});
    return child;
  }
}

async function firstLine(child: ChildProcess): Promise<URL> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = (await Promise.race([
    once(lines, "line"),
    once(child, "exit").then(() => {
      throw new Error("it ended before it listened");
    }),
  ])) as [string];
  return new URL(line);
}
