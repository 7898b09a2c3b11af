import type { Delivery } from "../layers/channel-layer.ts";
import { Letter } from "./letter.ts";
import { isPromise, type MailboxReader } from "./mailbox.ts";

/** The one who handles letters, however many at a time, and hears of those that failed. */
export interface LaneReader extends Pick<MailboxReader, "failed"> {
  call: MailboxReader["handle"];
}

/**
 * Lets one handler be called while earlier calls are still at work, up to a number of them.
 *
 * It stands between a mailbox and its reader: to the mailbox a letter is handled as soon as the next
 * one may be. Letters are begun in order; which one is done first nobody knows. `open` is done before
 * all others begin, and `disconnect` begins when all others are done.
 */
export class Lanes {
  readonly #width: number;
  readonly #reader: LaneReader;
  #running = 0;
  /** Who waits for a lane: the mailbox. */
  #free: (() => void) | undefined;
  /** Who waits for all of them: `disconnect`. */
  #empty: (() => void) | undefined;

  /** `width` is how many letters are at work at most. */
  constructor(width: number, reader: LaneReader) {
    this.#width = width;
    this.#reader = reader;
  }

  /** Begins a letter; a promise if the next one has to wait. */
  handle(letter: Letter, value: unknown, delivery: Delivery | undefined): void | Promise<unknown> {
    if (letter === Letter.disconnect && this.#running > 0) {
      return new Promise<void>((resolve) => {
        this.#empty = resolve;
      }).then(() => this.#reader.call(letter, value, delivery));
    }
    const work = this.#reader.call(letter, value, delivery);
    if (!isPromise(work) || letter === Letter.open || letter === Letter.disconnect) return work;
    this.#running += 1;
    void this.#finish(work, letter);
    if (this.#running < this.#width) return;
    return new Promise<void>((resolve) => {
      this.#free = resolve;
    });
  }

  async #finish(work: Promise<unknown>, letter: Letter): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#reader.failed(error, letter);
    }
    this.#running -= 1;
    this.#free?.();
    if (this.#running === 0) this.#empty?.();
  }
}
