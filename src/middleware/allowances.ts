import type { Clock } from "../internal/clock.ts";
import { Allowance, type Quota } from "./allowance.ts";

/** How many of the longest unused are looked at, each time somebody comes. */
const glances = 2;

interface Shared {
  readonly allowance: Allowance;
  /** Connections that hold it. */
  holders: number;
}

/**
 * Allowances that connections share by a key, an address for example.
 *
 * One that nobody holds is kept until it is full again, or leaving would be a way to get a new one.
 * Their number is bounded: over it the longest unused one is forgotten.
 */
export class Allowances {
  readonly #quota: Quota;
  readonly #clock: Pick<Clock, "now">;
  readonly #most: number;
  /** The longest unused first. */
  readonly #shared = new Map<string, Shared>();

  constructor(quota: Quota, clock: Pick<Clock, "now">, most: number) {
    this.#quota = quota;
    this.#clock = clock;
    this.#most = most;
  }

  /** How many there are. */
  get size(): number {
    return this.#shared.size;
  }

  /** The allowance of a key, until it is released. */
  hold(key: string): Allowance {
    const shared = this.#shared.get(key) ?? {
      allowance: new Allowance(this.#quota, this.#clock),
      holders: 0,
    };
    shared.holders++;
    this.#shared.delete(key);
    this.#shared.set(key, shared);
    this.#tidy();
    return shared.allowance;
  }

  /** One connection less. */
  release(key: string, allowance: Allowance): void {
    const shared = this.#shared.get(key);
    // It was forgotten, and somebody else may have a new one.
    if (shared?.allowance !== allowance) return;
    shared.holders--;
    if (shared.holders === 0 && allowance.full) this.#shared.delete(key);
  }

  #tidy(): void {
    let seen = 0;
    for (const [key, { holders, allowance }] of this.#shared) {
      const isOver = this.#shared.size > this.#most;
      if (!isOver && seen++ >= glances) return;
      if (isOver || (holders === 0 && allowance.full)) this.#shared.delete(key);
    }
  }
}
