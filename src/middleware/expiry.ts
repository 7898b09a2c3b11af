import type { Clock } from "../internal/clock.ts";

/** The longest time that a timer of Node holds: 31 bits of milliseconds. */
const longest = 2 ** 31 - 1;

/** A moment that can be put off, when something is called unless it was cancelled. */
export class Expiry {
  readonly #clock: Pick<Clock, "now" | "after">;
  readonly #callback: () => void;
  #due = Number.POSITIVE_INFINITY;
  #lift: (() => void) | undefined;

  constructor(clock: Pick<Clock, "now" | "after">, callback: () => void) {
    this.#clock = clock;
    this.#callback = callback;
  }

  /** Sets it, or puts it off, to `delay` milliseconds from now; `Infinity` is never. */
  set(delay: number): void {
    this.cancel();
    this.#due = this.#clock.now() + delay;
    if (delay !== Number.POSITIVE_INFINITY) this.#wait();
  }

  /** It will not come. */
  cancel(): void {
    this.#lift?.();
    this.#lift = undefined;
  }

  #wait(): void {
    const left = Math.max(0, this.#due - this.#clock.now());
    this.#lift = this.#clock.after(Math.min(left, longest), () => {
      this.#lift = undefined;
      if (this.#clock.now() < this.#due) this.#wait();
      else this.#callback();
    });
  }
}
