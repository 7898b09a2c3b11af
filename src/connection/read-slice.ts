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

/** After how many messages of one chunk it looks at the clock: looking costs as much as some of them. */
const glance = 8;

/** How many of those who wait are called in one turn at most: however many they are, it stays short. */
const mostCalls = 256;

/**
 * The time that all connections of a server read in one turn of the event loop. Who comes later waits
 * for another turn, in the order of arrival. So a flood is slow for those who flood: timers, handshakes
 * and everybody who has little to say come in between, however many flood together.
 *
 * A loop that gets round in time pays for nothing but looks at the clock: only when a slice is over
 * does it ask to be told of the end of the turn, and who comes before that has one more slice.
 */
export class ReadSlice {
  readonly #clock: Clock;
  #began = 0;
  /** When it was looked at last. */
  #seen = Number.NEGATIVE_INFINITY;
  /** Whether the end of the turn is awaited: then what is over is over. */
  #awaitsEnd = false;
  #messages = 0;
  readonly #waiting: SliceMember[] = [];
  /** Calls that the end of this turn will bring. */
  #calls = 0;
  /** When those who waited began to read in this turn. */
  #lateBegan = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether no time is left, now that a chunk has come. */
  get spent(): boolean {
    const before = this.#seen;
    this.#seen = this.#clock.now();
    if (this.#seen - before > restTime) this.#began = this.#seen;
    return this.#isOver();
  }

  /** Whether no time is left, after a message in the midst of a chunk. */
  get spentMidway(): boolean {
    if (++this.#messages % glance !== 0) return false;
    this.#seen = this.#clock.now();
    return this.#isOver();
  }

  /** A chunk was read. */
  mark(): void {
    this.#seen = this.#clock.now();
  }

  /** Has the member read on in a later turn. */
  wait(member: SliceMember): void {
    this.#waiting.push(member);
    this.#call();
  }

  /** Asks for one more call, unless there is one for each who waits, or as many as one turn takes. */
  #call(): void {
    if (this.#calls === Math.min(this.#waiting.length, mostCalls)) return;
    this.#calls++;
    this.#clock.endOfTurn(this.#next);
  }

  #isOver(): boolean {
    if (this.#seen - this.#began <= sliceTime) return false;
    if (this.#awaitsEnd) return true;
    this.#awaitEnd();
    this.#began = this.#seen;
    return false;
  }

  #awaitEnd(): void {
    this.#awaitsEnd = true;
    this.#clock.endOfTurn(this.#turned);
  }

  readonly #turned = (): void => {
    this.#awaitsEnd = false;
    this.#lateBegan = this.#clock.now();
  };

  /**
   * Lets one member read. There is a call for each: what its handlers promise is settled before the
   * next one reads, so that all their answers can leave together.
   */
  readonly #next = (): void => {
    this.#calls--;
    if (this.#clock.now() - this.#lateBegan <= sliceTime) {
      // Its messages are counted against these, not against those of the turn before.
      this.#began = this.#lateBegan;
      this.#waiting.shift()!.readOn();
    } else if (!this.#awaitsEnd) {
      this.#awaitEnd();
    }
    this.#call();
    // What comes next is another turn's.
    this.#seen = Number.NEGATIVE_INFINITY;
  };
}
