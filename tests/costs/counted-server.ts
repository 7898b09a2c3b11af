import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a load costs a server, for each message that it sent. */
export interface Cost {
  /** Calls of the system that write. */
  readonly writes: number;
  /** Bytes that JavaScript allocates: objects, and what sockets and codecs read into. */
  readonly bytes: number;
}

/** The applications of `server.mjs`. */
export type Application = "Echo" | "WastefulEcho" | "HastyEcho" | "Chat" | "WastefulChat" | "Sink";

interface Allocated {
  readonly allocated: number;
  readonly collections: number;
}

/**
 * A server in a process of its own, which collects no garbage: its young generation is larger than all
 * that a test makes. So what it allocates can be counted to some bytes.
 */
export class CountedServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(application: Application, compression = false): Promise<CountedServer> {
    // A variable, so that the compiler does not look for types of a script.
    const scripts = join(import.meta.dirname, "../../scripts/snapshot.mjs");
    const { ensureSnapshot } = (await import(scripts)) as { ensureSnapshot(): Promise<string> };
    const snapshot = await ensureSnapshot();
    const child = fork(
      join(import.meta.dirname, "server.mjs"),
      [snapshot, application, String(compression)],
      {
        // Semi-spaces are mebibytes.
        execArgv: ["--expose-gc", "--min-semi-space-size=256", "--max-semi-space-size=256"],
        // Large blocks go back to the system when they are freed: see mallopt(3).
        env: { ...process.env, MALLOC_MMAP_THRESHOLD_: String(64 * 1024) },
      },
    );
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    return new CountedServer(child, port);
  }

  /** Counts what happens while a load runs that makes the server send some messages. */
  async cost(messages: number, load: () => Promise<void>): Promise<Cost> {
    const before = await this.#ask("allocated");
    const writes = this.#writes();
    await load();
    const written = this.#writes() - writes;
    const after = await this.#ask("allocated");
    if (after.collections !== before.collections) throw new Error("garbage was collected");
    return {
      writes: written / messages,
      bytes: (after.allocated - before.allocated) / messages,
    };
  }

  /** Collects all garbage. */
  async collect(): Promise<void> {
    await this.#ask("collect");
  }

  /** Has the last connection be sent 16 MiB, as bytes or as text. */
  async send(what: "bytes" | "text"): Promise<void> {
    await this.#ask(what);
  }

  /** Begins to look for the most memory that is held at a time. */
  forgetPeak(): void {
    // See proc(5): 5 resets the peak of the resident set.
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, "5");
  }

  /** The most memory that was held at a time, and what is held now, in bytes. */
  memory(): { readonly peak: number; readonly now: number } {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "latin1");
    const of = (name: string) =>
      1024 * Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(status)?.[1]);
    return { peak: of("VmHWM"), now: of("VmRSS") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  async #ask(what: string): Promise<Allocated> {
    const answer = once(this.#child, "message") as Promise<[Allocated]>;
    this.#child.send(what);
    return (await answer)[0];
  }

  #writes(): number {
    const counters = readFileSync(`/proc/${this.#child.pid}/io`, "latin1");
    return Number(/^syscw: (\d+)/m.exec(counters)?.[1]);
  }
}
