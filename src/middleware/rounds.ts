import type { Clock } from "../internal/clock.ts";

/** How many visits go on at once: a store is not stormed after everybody has reconnected. */
const width = 32;

/**
 * Visits each thing once in every interval, with one timer for all of them. A visit that fails is
 * like one that did not: the next comes in its time.
 */
export class Rounds<T> {
  readonly #clock: Pick<Clock, "now" | "after">;
  readonly #interval: number;
  readonly #visit: (thing: T) => Promise<void>;
  readonly #things = new Set<T>();
  /** When each is due. As all wait equally long, they stand in the order of their time. */
  readonly #due = new Map<T, number>();
  #underWay = 0;
  #lift: (() => void) | undefined;

  /** `visit` must not reject. With an infinite interval there are no visits. */
  constructor(
    clock: Pick<Clock, "now" | "after">,
    interval: number,
    visit: (thing: T) => Promise<void>,
  ) {
    this.#clock = clock;
    this.#interval = interval;
    this.#visit = visit;
  }

  /** Adds a thing; its first visit is one interval away. */
  add(thing: T): void {
    if (this.#interval === Number.POSITIVE_INFINITY) return;
    this.#things.add(thing);
    this.#schedule(thing);
  }

  /** Takes a thing off the list. Without things there is no timer. */
  delete(thing: T): void {
    this.#things.delete(thing);
    this.#due.delete(thing);
    if (this.#due.size === 0) this.#rest();
  }

  #schedule(thing: T): void {
    this.#due.set(thing, this.#clock.now() + this.#interval);
    this.#wait();
  }

  /** Sets the timer to the first that is due, unless it is set or so many are visited already. */
  #wait(): void {
    if (this.#lift !== undefined || this.#underWay >= width) return;
    const [first] = this.#due.values();
    if (first === undefined) return;
    this.#lift = this.#clock.after(Math.max(0, first - this.#clock.now()), () => {
      this.#lift = undefined;
      this.#start();
    });
  }

  #start(): void {
    const now = this.#clock.now();
    for (const [thing, due] of this.#due) {
      if (due > now || this.#underWay >= width) break;
      this.#due.delete(thing);
      this.#underWay++;
      void this.#visit(thing).then(() => {
        this.#underWay--;
        if (this.#things.has(thing)) this.#schedule(thing);
        else this.#wait();
      });
    }
    this.#wait();
  }

  #rest(): void {
    this.#lift?.();
    this.#lift = undefined;
  }
}
