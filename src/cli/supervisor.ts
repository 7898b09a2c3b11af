import type { Clock } from "../internal/clock.ts";

/** A process that a {@link Supervisor} has started. */
export interface Child {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
}

/** What is to be known of a {@link Child}. */
export interface ChildEvents {
  /** It serves. */
  ready(urls: readonly string[]): void;
  /** It ended; `how` says it in words. */
  exit(how: string): void;
}

/** What a {@link Supervisor} needs. */
export interface SupervisorOptions {
  /** How many processes there are to be. */
  readonly workers: number;
  /** How long one may take to end, in milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
  /** From 0 to 1, for delays. */
  readonly random: () => number;
  /** Starts one. */
  readonly fork: (events: ChildEvents) => Child;
  /** Says a line to whoever watches. */
  readonly print: (line: string) => void;
}

/**
 * Keeps a number of processes running: starts what ends anew, later each time; replaces them one by
 * one, while the others serve; and stops them.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  /** All that run, also those that are about to end. */
  readonly #running = new Set<Running>();
  readonly #timers = new Set<() => void>();
  /** How many ended in a row, none of which had lived for long. */
  #failures = 0;
  /** How many have come to serve, at the beginning. */
  #serving = 0;
  /** Whether all of them have served once. */
  #haveServed = false;
  #isRestarting = false;
  #isStopping = false;
  #code = 0;
  #end: (code: number) => void = () => {};

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Starts all of them. Resolves with the exit code when all have ended and none is to start. */
  run(): Promise<number> {
    return new Promise((resolve) => {
      this.#end = resolve;
      for (let count = 0; count < this.#options.workers; count += 1) this.#start("needed");
    });
  }

  /**
   * Replaces each process by a new one: the old one is asked to end when the new one serves. If a new
   * one does not come to that, the old ones stay.
   */
  async restart(): Promise<void> {
    if (this.#isRestarting || this.#isStopping) return;
    this.#isRestarting = true;
    const { print } = this.#options;
    let replaced = 0;
    for (const old of [...this.#running]) {
      if (this.#isStopping) break;
      if (old.hasEnded) continue;
      old.role = "replaced";
      const next = this.#start("spare");
      if (!(await next.served)) {
        next.child.kill("SIGKILL");
        old.role = "needed";
        if (this.#isStopping) break;
        print(`worker ${next.child.pid} does not serve: the former ones stay`);
        if (old.hasEnded) this.#startLater();
        break;
      }
      next.role = "needed";
      await this.#retire(old);
      replaced += 1;
    }
    this.#isRestarting = false;
    if (!this.#isStopping) print(`${replaced} workers are new`);
  }

  /** Asks all processes to end. They have their time; after a second call they have none. */
  stop(signal: NodeJS.Signals): void {
    const time = this.#isStopping ? 0 : this.#options.timeout;
    this.#isStopping = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    for (const { child } of this.#running) child.kill(signal);
    this.#after(time + grace, () => {
      for (const { child } of this.#running) child.kill("SIGKILL");
    });
    this.#endIfEmpty();
  }

  #start(role: Running["role"]): Running {
    const { clock, fork } = this.#options;
    const begun = clock.now();
    const [served, settle] = decision();
    const [ended, end] = decision();
    const cancel = this.#after(startTime, () => settle(false));
    const child = fork({
      ready: (urls) => {
        cancel();
        settle(true);
        this.#serves(running, urls);
      },
      exit: (how) => {
        cancel();
        settle(false);
        end(true);
        running.hasEnded = true;
        this.#running.delete(running);
        this.#ended(running, clock.now() - begun, how);
      },
    });
    const running: Running = { child, role, served, ended, hasEnded: false };
    this.#running.add(running);
    return running;
  }

  #serves({ child, role }: Running, urls: readonly string[]): void {
    const { print, workers } = this.#options;
    if (this.#haveServed) {
      if (role === "needed") print(`worker ${child.pid} serves`);
      return;
    }
    this.#serving += 1;
    if (this.#serving < workers) return;
    this.#haveServed = true;
    print(
      `sluice serves with ${workers} workers${urls.length > 0 ? ` at ${urls.join(", ")}` : ""}`,
    );
  }

  #ended({ child, role }: Running, life: number, how: string): void {
    if (this.#isStopping) return this.#endIfEmpty();
    if (role !== "needed") return;
    const { print } = this.#options;
    const what = `worker ${child.pid} ${how}`;
    this.#failures = life < longLife ? this.#failures + 1 : 1;
    if (this.#haveServed && this.#failures <= mostFailures) {
      print(`${what}: a new one is started`);
      return this.#startLater();
    }
    print(`${what}${this.#haveServed ? ", which is too often" : " before it served"}; giving up`);
    this.#code = 1;
    this.stop("SIGTERM");
  }

  /** Twice as long after each failure, and not all at one moment. */
  #startLater(): void {
    const delay = Math.min(longestDelay, firstDelay * 2 ** (this.#failures - 1));
    this.#after(delay * (0.5 + this.#options.random() / 2), () => void this.#start("needed"));
  }

  async #retire(old: Running): Promise<void> {
    old.child.kill("SIGTERM");
    const cancel = this.#after(this.#options.timeout + grace, () => old.child.kill("SIGKILL"));
    await old.ended;
    cancel();
  }

  #endIfEmpty(): void {
    if (this.#running.size > 0) return;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#end(this.#code);
  }

  #after(delay: number, act: () => void): () => void {
    const lift = this.#options.clock.after(delay, () => {
      this.#timers.delete(lift);
      act();
    });
    this.#timers.add(lift);
    return () => {
      this.#timers.delete(lift);
      lift();
    };
  }
}

interface Running {
  readonly child: Child;
  /**
   * `needed`: it is one of those that are to run. `spare`: it will be, if it comes to serve.
   * `replaced`: another one is to take its place.
   */
  role: "needed" | "spare" | "replaced";
  /** Whether it came to serve, in time. */
  readonly served: Promise<boolean>;
  readonly ended: Promise<boolean>;
  hasEnded: boolean;
}

/** A promise, and what settles it. */
function decision(): [promise: Promise<boolean>, settle: (value: boolean) => void] {
  let settle: (value: boolean) => void = () => {};
  const promise = new Promise<boolean>((resolve) => {
    settle = resolve;
  });
  return [promise, settle];
}

/** How long a new process may take until it serves, while others are replaced. */
const startTime = 60_000;

/** How long a process that was asked to end may take beyond its own time. */
const grace = 5_000;

/** Who lived for so long did not fail at its start. */
const longLife = 10_000;

/** How many processes may fail in a row. With the delays between them that is about half a minute. */
const mostFailures = 10;

const firstDelay = 50;
const longestDelay = 10_000;
