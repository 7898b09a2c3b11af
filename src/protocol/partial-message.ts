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
   * nobody knows: it saves the last allocation from being too large.
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
    const capacity = capacityFor(needed, due, this.#bytes.length);
    if (!this.#budget.take(capacity - this.#bytes.length)) return false;
    const bytes = Buffer.allocUnsafeSlow(capacity);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    return true;
  }
}

/**
 * How large the buffer becomes that holds `needed` bytes while `due` more are known to come: double of
 * what it was. A long message takes larger steps, and once a quarter of it is there, room for all of
 * it: at its last copy both buffers together are a quarter more than it is. Memory that nothing was
 * written to takes no room yet.
 */
function capacityFor(needed: number, due: number, before: number): number {
  const doubled = Math.max(needed, before * 2, smallest);
  if (due === 0) return doubled;
  const total = needed + due;
  if (needed < long) return Math.min(doubled, total);
  const quarter = Math.ceil(total / 4);
  return needed < quarter ? Math.min(needed * 4, quarter) : total;
}
