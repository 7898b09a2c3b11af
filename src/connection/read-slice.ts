import type { Clock } from "../internal/clock.ts";

/** Somebody who has more to read than there was time for. */
export interface SliceMember {
  /** Reads on: its turn has come. */
  readOn(): void;
}

/** How long one turn of the event loop goes on with one kind of thing, in milliseconds. */
export const sliceTime = 5;

/** A pause of this length between two reads: the loop has seen to other things meanwhile. */
const restTime = 1;

/** After how many messages of one chunk it looks at the clock. */
const glance = 4;

/**
 * The time that all connections of a server read in one turn of the event loop. Who comes later waits
 * for another turn, in the order of arrival. So a flood is slow for those who flood: timers, handshakes
 * and everybody who has little to say come in between, however many flood together.
 */
export class ReadSlice {
  readonly #clock: Clock;
  #began = 0;
  /** When it was looked at last. */
  #seen = Number.NEGATIVE_INFINITY;
  #messages = 0;
  readonly #waiting: SliceMember[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether no time is left, now that a chunk has come. */
  get spent(): boolean {
    const before = this.#seen;
    this.#seen = this.#clock.now();
    if (this.#seen - before > restTime) this.#began = this.#seen;
    return this.#seen - this.#began > sliceTime;
  }

  /** Whether no time is left, after a message in the midst of a chunk. */
  get spentMidway(): boolean {
    if (++this.#messages % glance !== 0) return false;
    this.#seen = this.#clock.now();
    return this.#seen - this.#began > sliceTime;
  }

  /** A chunk was read. */
  mark(): void {
    this.#seen = this.#clock.now();
  }

  /** Has the member read on in a later turn. */
  wait(member: SliceMember): void {
    if (this.#waiting.push(member) === 1) this.#clock.endOfTurn(this.#next);
  }

  readonly #next = (): void => {
    const waiting = this.#waiting;
    this.#began = this.#clock.now();
    let read = 0;
    do {
      waiting[read++]!.readOn();
      this.mark();
    } while (read < waiting.length && this.#seen - this.#began <= sliceTime);
    waiting.splice(0, read);
    // What comes next is another turn's.
    this.#seen = Number.NEGATIVE_INFINITY;
    if (waiting.length > 0) this.#clock.endOfTurn(this.#next);
  };
}
