import type { Clock } from "../../internal/clock.ts";
import { away } from "../away.ts";
import type { RedisLink } from "./connection.ts";
import { Deadlines, type Due } from "./deadlines.ts";
import { isUnknownScript, unreachable } from "./redis-error.ts";
import { appendScript, publishScript, readScript, type Script } from "./scripts.ts";

/** What a {@link CommandLine} needs to know. */
export interface CommandLineOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  /** How long an answer may take, in milliseconds. */
  readonly timeout: number;
  /** How much may wait for its answer, in bytes. */
  readonly backlog: number;
  /** An answer is late, so the link cannot be trusted any more. */
  readonly late: (error: Error) => void;
}

/**
 * The commands of one link: each is answered, or rejects, in bounded time, and Redis takes them in the
 * order of the calls, even if it has forgotten our scripts in between.
 */
export class CommandLine {
  readonly #options: CommandLineOptions;
  readonly #deadlines: Deadlines<Call>;
  #sent = 0;
  #bytes = 0;
  /** Calls that Redis knew no script for. */
  #refused: Call[] = [];
  /** What came since: it waits until all that was sent before has its answer. */
  #behind: Call[] = [];
  #end: Error | undefined;

  constructor(options: CommandLineOptions) {
    this.#options = options;
    const { clock, timeout } = options;
    this.#deadlines = new Deadlines(clock, timeout, () => {
      options.late(away(`Redis did not answer within ${timeout} ms`));
    });
  }

  /** Tells Redis our scripts, before anything else. Rejects with what it says of them. */
  async load(): Promise<void> {
    await Promise.all(
      scripts.map(({ text }) => this.call("SCRIPT LOAD", ["SCRIPT", "LOAD", text], text.length)),
    );
  }

  /** Runs one of our scripts. `what` names the operation in errors, `size` is what it takes. */
  run(
    what: string,
    script: Script,
    keys: readonly string[],
    values: readonly (string | Buffer)[],
    size: number,
  ): Promise<unknown> {
    return this.call(what, ["EVALSHA", script.sha, `${keys.length}`, ...keys, ...values], size);
  }

  /** Sends a command. */
  call(what: string, command: readonly (string | Buffer)[], size: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { backlog } = this.#options;
      if (this.#end !== undefined) return reject(this.#end);
      if (this.#bytes > 0 && this.#bytes + size > backlog) {
        return reject(
          away(`${what}: ${this.#bytes} bytes wait for an answer of Redis, of ${backlog}`),
        );
      }
      const cost = size + callCost;
      const call: Call = { what, command, cost, resolve, reject, due: 0 };
      this.#bytes += cost;
      this.#deadlines.add(call);
      if (this.#refused.length === 0) this.#send(call);
      else this.#behind.push(call);
    });
  }

  /** Ends it: all that has no answer yet rejects, and so does what is asked from now on. */
  close(error: Error): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    const calls = [...this.#deadlines.waiting];
    this.#deadlines.clear();
    this.#bytes = 0;
    this.#options.link.close();
    for (const { what, reject } of calls) reject(unreachable(what, error));
  }

  #send(call: Call): void {
    this.#sent += 1;
    this.#options.link.call(call.command).then(
      (answer) => {
        if (this.#settle(call)) call.resolve(answer);
        this.#next();
      },
      (error: unknown) => {
        if (this.#end === undefined && isUnknownScript(error)) this.#refused.push(call);
        else if (this.#settle(call)) call.reject(error);
        this.#next();
      },
    );
  }

  #settle(call: Call): boolean {
    const isWaiting = this.#deadlines.end(call);
    if (isWaiting) this.#bytes -= call.cost;
    return isWaiting;
  }

  #next(): void {
    this.#sent -= 1;
    if (this.#sent > 0 || this.#refused.length === 0 || this.#end !== undefined) return;
    const calls = [...this.#refused, ...this.#behind];
    this.#refused = [];
    this.#behind = [];
    this.load().catch(() => {});
    for (const call of calls) this.#send(call);
  }
}

interface Call extends Due {
  readonly what: string;
  readonly command: readonly (string | Buffer)[];
  readonly cost: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What a call takes beside its data, so that a multitude of empty ones is bounded, too. */
const callCost = 512;

const scripts = [appendScript, readScript, publishScript];
