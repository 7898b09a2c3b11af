import type { Clock } from "../../src/internal/clock.ts";

/** A thing that will happen. */
interface Event {
  readonly time: number;
  /** Of two things at one moment, that which was asked for first comes first. */
  readonly order: number;
  readonly act: () => void;
  readonly process: SimProcess | undefined;
}

/**
 * The one clock of a simulated world, and all that waits for it: timers, messages on links, acts of
 * clients. One thing happens at a time, and what it leaves to microtasks is over before the next.
 */
export class Scheduler {
  #now = 0;
  #order = 0;
  /** A binary heap: the next one first. */
  readonly #events: Event[] = [];
  #turnEnds: Event[] = [];

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** Lets something happen after `delay` milliseconds, unless its process is dead by then. */
  after(delay: number, act: () => void, process?: SimProcess): void {
    this.#order += 1;
    this.#push({ time: this.#now + delay, order: this.#order, act, process });
  }

  /** Lets something happen once what happens now is over. */
  endOfTurn(act: () => void, process: SimProcess): void {
    this.#turnEnds.push({ time: this.#now, order: 0, act, process });
  }

  /** Lets everything happen up to a moment, or until `isOver`. */
  async run(until: number, isOver: () => boolean): Promise<void> {
    for (let next = this.#events[0]; next !== undefined; next = this.#events[0]) {
      if (next.time > until || isOver()) break;
      this.#pop();
      this.#now = next.time;
      await this.#happen(next);
      while (this.#turnEnds.length > 0) {
        const ends = this.#turnEnds;
        this.#turnEnds = [];
        for (const end of ends) await this.#happen(end);
      }
    }
    this.#now = Math.max(this.#now, until);
  }

  async #happen({ act, process }: Event): Promise<void> {
    if (process?.isDead === true) return;
    act();
    await microtasks();
  }

  #push(event: Event): void {
    const events = this.#events;
    let place = events.length;
    events.push(event);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, events[parent]!)) break;
      events[place] = events[parent]!;
      place = parent;
    }
    events[place] = event;
  }

  #pop(): void {
    const events = this.#events;
    const last = events.pop()!;
    if (events.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && isBefore(events[child + 1]!, events[child]!)) child += 1;
      if (!isBefore(events[child]!, last)) break;
      events[place] = events[child]!;
      place = child;
    }
    events[place] = last;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.time < other.time || (one.time === other.time && one.order < other.order);
}

/** Resolves when no microtask is left. A turn of the real event loop would do, at ten times the cost. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** A process of the simulated world: its clock began at some time of its own, and it may be killed. */
export class SimProcess implements Clock {
  readonly name: string;
  readonly #scheduler: Scheduler;
  readonly #began: number;
  #isDead = false;
  #timers = 0;

  constructor(name: string, scheduler: Scheduler, began: number) {
    this.name = name;
    this.#scheduler = scheduler;
    this.#began = began;
  }

  /** Whether it was killed: then none of its timers rings, and nothing reaches it. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers;
  }

  /** Ends it in the middle of whatever it does. */
  kill(): void {
    this.#isDead = true;
  }

  now(): number {
    return this.#scheduler.now + this.#began;
  }

  after(delay: number, callback: () => void): () => void {
    let isSet = true;
    this.#timers += 1;
    const unset = (): boolean => {
      const wasSet = isSet;
      isSet = false;
      if (wasSet) this.#timers -= 1;
      return wasSet;
    };
    this.#scheduler.after(
      delay,
      () => {
        if (unset()) callback();
      },
      this,
    );
    return () => void unset();
  }

  endOfTurn(callback: () => void): void {
    this.#scheduler.endOfTurn(callback, this);
  }
}
