/**
 * The bytes that unfinished messages hold in one process. A limit for each connection alone would
 * let many connections stay below it together.
 */
export class PartialBudget {
  readonly limit: number;
  #held = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes held now. */
  get held(): number {
    return this.#held;
  }

  /** Takes `size` bytes; false, and nothing taken, if they are not there. */
  take(size: number): boolean {
    if (this.#held + size > this.limit) return false;
    this.#held += size;
    return true;
  }

  /** Gives `size` bytes back. */
  release(size: number): void {
    this.#held -= size;
  }
}

/** From here on a message is long, in bytes: what one read brings, about. */
const long = 64 * 1024;

/** What the first piece of a message allocates. */
const smallest = 128;

/**
 * A message whose end has not come yet, in one growing buffer: its memory follows the bytes that
 * arrived, neither their declared length nor the number of fragments.
 */
export class PartialMessage {
  readonly #budget: PartialBudget;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(budget: PartialBudget) {
    this.#budget = budget;
  }

  /** Bytes that arrived so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends `source[start, end)`. `due` is how many more bytes will end the message, or 0 as long as
   * nobody knows: it saves the last allocation from being too large. The buffer is at most double of
   * what arrived. Of a long message a quarter is enough for the whole: it is copied once, and both
   * buffers together are a quarter more than it. Memory that nothing was written to takes no room yet.
   * @returns false if the process' budget is used up.
   */
  append(source: Uint8Array, start: number, end: number, due: number): boolean {
    const length = this.#length + end - start;
    if (length > this.#bytes.length && !this.#grow(length, due)) return false;
    this.#bytes.set(source.subarray(start, end), this.#length);
    this.#length = length;
    return true;
  }

  /** Hands over the bytes and starts over. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.discard();
    return bytes;
  }

  /** Forgets the bytes and gives their memory back to the budget. */
  discard(): void {
    this.#budget.release(this.#bytes.length);
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
  }

  #grow(needed: number, due: number): boolean {
    const doubled = Math.max(needed, this.#bytes.length * 2, smallest);
    const total = needed + due;
    const quarter = Math.max(needed, Math.ceil(total / 4));
    const ahead = needed * 4 < total ? Math.min(needed * 4, quarter) : total;
    const known = needed < long ? Math.min(doubled, total) : ahead;
    const capacity = due > 0 ? known : doubled;
    if (!this.#budget.take(capacity - this.#bytes.length)) return false;
    const bytes = Buffer.allocUnsafeSlow(capacity);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    return true;
  }
}
