import type { Clock } from "../../internal/clock.ts";
import { away } from "../away.ts";
import type { Address, Broker } from "./broker.ts";
import type { BrokerLink } from "./broker-link.ts";
import { publish } from "./diagnostics.ts";
import type { LetterOf, Process } from "./letters.ts";

/** What a {@link Census} needs to know. */
export interface CensusOptions {
  readonly self: Process;
  readonly broker: Broker;
  readonly link: BrokerLink;
  readonly clock: Clock;
  /** How long a process may be silent, in milliseconds. */
  readonly lease: number;
  /** How long others may take to answer, in milliseconds. */
  readonly timeout: number;
  /** Hears of the others. */
  readonly observer: CensusObserver;
}

/** Who hears which processes there are. */
export interface CensusObserver {
  /** There is another one. */
  came(process: Process): void;
  /** One that is known was away, or we were: what it said since may be missing. */
  returned(process: Process): void;
  /** It is not there any more. */
  left(process: Process): void;
}

/**
 * Which processes there are: each of a layer knows all others, and the engine nothing of them.
 *
 * Two that begin must not miss each other, and no timeout decides that. Each one first hears what is
 * said to all, says hello to all, and knocks at an address where those listen that have settled. If
 * somebody does, one of them names the others. Then it listens there, too; it has settled when all it
 * knows by then have said that they know it. Of two that begin at the same time, either the later one
 * finds the earlier one by knocking; or it had said hello before the earlier one began to listen there,
 * which has heard that and waits for it. Joins and questions wait until this process has settled.
 *
 * If the engine takes a dead process for alive, a knock is never answered. Then the lease decides:
 * whoever lives has been heard by then.
 */
export class Census {
  readonly #options: CensusOptions;
  readonly #entries = new Map<Process, Entry>();
  /** Those that were given up because they were silent, and when. */
  readonly #silent = new Map<Process, number>();
  #settled = false;
  /** Since when what is said to us, and to all, arrives here. */
  #listening: number | undefined;
  /** One that had settled has told us of the others. */
  #introduced = false;
  #attempt: Promise<void> | undefined;
  /** Who waits until somebody says something. */
  #waiter: Waiter | undefined;
  /** When we last heard ourselves: who does not has heard nobody, and that is not their fault. */
  #heardSelf: number;
  #cancelBeat: (() => void) | undefined;
  #isClosed = false;

  constructor(options: CensusOptions) {
    this.#options = options;
    this.#heardSelf = options.clock.now();
  }

  /** The others. */
  get others(): Iterable<Process> {
    return this.#entries.keys();
  }

  /** How many they are. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether another process is known. */
  has(process: Process): boolean {
    return this.#entries.has(process);
  }

  /** Begins; what fails is tried again. */
  open(): void {
    this.#beat();
    void this.settle().catch(() => {});
  }

  /**
   * Resolves when all others know this process, and it knows them. Rejects if that cannot be now.
   */
  settle(): Promise<void> {
    if (this.#settled) return settled;
    this.#attempt ??= this.#enroll().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  /** What was told may be missing: says hello anew, and all that are there answer. */
  renew(): void {
    const { self, link, clock } = this.#options;
    if (!this.#settled) {
      if (this.#listening !== undefined) this.#listening = clock.now();
      return void this.settle().catch(() => {});
    }
    void link.tellAll({ kind: "hello", from: self }).catch(() => {});
  }

  /** Another process was heard: in whatever it says. */
  heard(process: Process): void {
    const { self, clock } = this.#options;
    if (process === self) {
      this.#heardSelf = clock.now();
      return;
    }
    const entry = this.#entries.get(process);
    if (entry !== undefined) entry.heard = clock.now();
    else this.#meet(process);
  }

  /** A process begins, or may have been away. */
  hello({ from }: LetterOf<"hello">): void {
    const { self, clock, observer } = this.#options;
    if (from === self) return this.heard(from);
    const entry = this.#entries.get(from);
    if (entry === undefined) return this.#meet(from);
    entry.heard = clock.now();
    this.#introduce(from, !entry.knowsUs);
    observer.returned(from);
  }

  /** A process knows us. */
  here({ from, known, isSettled, asks }: LetterOf<"here">): void {
    const { self, clock, observer } = this.#options;
    if (from === self) return;
    if (!this.#entries.has(from)) this.#meet(from, false);
    else if (asks) {
      this.#introduce(from, false);
      // It had given us up, or we it, and what it knew of us is gone.
      observer.returned(from);
    }
    const entry = this.#entries.get(from);
    if (entry === undefined) return;
    entry.knowsUs = true;
    entry.heard = clock.now();
    for (const process of known) {
      const isNew = process !== self && !this.#entries.has(process);
      // One that was silent for too long is not believed to be there because others do.
      if (isNew && !this.#silent.has(process)) this.#meet(process);
    }
    this.#introduced ||= isSettled;
    this.#look();
  }

  /** A process is not there any more. */
  forget(process: Process): void {
    if (!this.#entries.delete(process)) return;
    this.#options.observer.left(process);
    this.#look();
  }

  /** Says goodbye; resolves when the engine knows, or is away. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelBeat?.();
    this.#entries.clear();
    this.#waiter?.reject(away("the layer was closed"));
    const { self, link } = this.#options;
    await link.tellAll({ kind: "bye", from: self }).catch(() => {});
  }

  async #enroll(): Promise<void> {
    const { self, broker, link, clock } = this.#options;
    this.#introduced = false;
    // Of an attempt that failed: we are not to find ourselves there.
    await broker.unsubscribe(porch);
    await broker.subscribe(`n${self}`);
    await broker.subscribe("a");
    this.#listening ??= clock.now();
    await link.tellAll({ kind: "hello", from: self });
    const knock = Buffer.from(JSON.stringify({ kind: "knock", from: self }));
    const isAlone = !(await link.publish(porch, [knock]));
    await this.#until(() => isAlone || this.#introduced || this.#hasHeardAll());
    await this.#acquaint();
    await broker.subscribe(porch);
    await this.#acquaint();
    this.#settled = true;
    // Somebody may have been waiting for one who can say so.
    for (const process of this.#entries.keys()) this.#introduce(process, false);
  }

  /** Whoever lives has said so since we listen. */
  #hasHeardAll(): boolean {
    const { clock, lease } = this.#options;
    return this.#listening !== undefined && clock.now() - this.#listening > lease;
  }

  /** All others have said that they know us. */
  async #acquaint(): Promise<void> {
    for (const [process, { knowsUs }] of this.#entries) {
      if (!knowsUs) this.#introduce(process, true);
    }
    await this.#until(() => [...this.#entries.values()].every(({ knowsUs }) => knowsUs));
  }

  /** Somebody new: tells it that it is known, and asks for the same. */
  #meet(process: Process, asks = true): void {
    if (this.#isClosed) return;
    const heard = this.#options.clock.now();
    this.#silent.delete(process);
    this.#entries.set(process, { heard, knowsUs: false });
    this.#introduce(process, asks);
    this.#options.observer.came(process);
  }

  #introduce(process: Process, asks: boolean): void {
    const { self, link } = this.#options;
    const known = [...this.#entries.keys()].filter((other) => other !== process);
    link.post(process, { kind: "here", from: self, known, isSettled: this.#settled, asks });
  }

  /** Resolves when this is so; it is looked at whenever something was said. */
  async #until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    const { clock, timeout } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const late = (): void => {
        const why = `another process did not answer within ${timeout} ms`;
        this.#waiter?.reject(away(why));
      };
      const cancel = clock.after(timeout, late);
      const end = (): void => {
        cancel();
        this.#waiter = undefined;
      };
      this.#waiter = {
        isSo,
        resolve: () => {
          end();
          resolve();
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
    });
  }

  #look(): void {
    if (this.#waiter?.isSo() === true) this.#waiter.resolve();
  }

  #beat(): void {
    const { clock, lease } = this.#options;
    this.#cancelBeat = clock.after(lease / beatsPerLease, () => this.#onBeat(), true);
  }

  #onBeat(): void {
    const { self, link, clock, lease } = this.#options;
    this.#beat();
    if (!this.#settled) void this.settle().catch(() => {});
    if (this.#listening !== undefined)
      void link.tellAll({ kind: "beat", from: self }).catch(() => {});
    for (const [process, { heard }] of [...this.#entries]) {
      if (this.#heardSelf - heard <= lease) continue;
      publish("sluice:broker.expire", { reason: "silent" });
      this.#silent.set(process, clock.now());
      this.forget(process);
    }
    for (const [process, time] of this.#silent) {
      if (clock.now() - time > lease) this.#silent.delete(process);
    }
  }
}

interface Entry {
  /** When it last said something. */
  heard: number;
  /** It has said that it knows us. */
  knowsUs: boolean;
}

interface Waiter {
  readonly isSo: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const settled = Promise.resolve();

/** Where those listen that have settled. No process has such a name. */
const porch: Address = "nporch";

/** How often a process says that it is there, for each time that it may be silent. */
const beatsPerLease = 4;
