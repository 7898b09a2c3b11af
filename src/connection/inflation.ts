import type { Clock } from "../internal/clock.ts";
import type { DeflateShare } from "../protocol/deflate-share.ts";

/** A connection whose peer's message takes more than one turn to inflate. */
export interface Inflating {
  /** Goes on. When it is done it leaves the queue, perhaps to come back with its next message. */
  inflate(): boolean;
}

/**
 * Spreads inflating over the turns of the event loop: what all connections inflate in one turn is
 * bounded, and whatever is left waits its turn, one message after the other. So neither one long
 * message nor many short ones that blow up hold the loop, and no two of them grow at the same time.
 */
export class Inflation {
  readonly #share: DeflateShare;
  readonly #clock: Clock;
  readonly #waiting = new Set<Inflating>();
  #scheduled = false;

  constructor(share: DeflateShare, clock: Clock) {
    this.#share = share;
    this.#clock = clock;
  }

  /** Something may have been inflated: if so, the next turn has all its work before it again. */
  spent(): void {
    if (this.#scheduled || (this.#share.isFresh && this.#waiting.size === 0)) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(this.#next);
  }

  /** Puts a connection in the queue. */
  add(connection: Inflating): void {
    this.#waiting.add(connection);
    this.spent();
  }

  /** Takes a connection out of it. */
  remove(connection: Inflating): void {
    this.#waiting.delete(connection);
  }

  readonly #next = (): void => {
    this.#scheduled = false;
    this.#share.refill();
    for (const connection of this.#waiting) {
      if (this.#share.work <= 0 || !connection.inflate()) break;
    }
    if (this.#waiting.size > 0) this.spent();
  };
}
