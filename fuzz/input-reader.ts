/**
 * Reads an input from left to right. A target takes a few octets to choose its configuration, and
 * what is left is what it feeds to the code; an input that is too short goes on with zeros.
 */
export class InputReader {
  readonly #octets: Uint8Array;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  /** Whether there is something left. */
  get hasMore(): boolean {
    return this.#at < this.#octets.length;
  }

  octet(): number {
    return this.#octets[this.#at++] ?? 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.octet() % list.length]!;
  }

  flag(): boolean {
    return this.octet() % 2 === 1;
  }

  /** A copy of at most the next `size` octets. */
  take(size: number): Buffer {
    const taken = Buffer.from(this.#octets.subarray(this.#at, this.#at + size));
    this.#at += size;
    return taken;
  }

  /** A copy of what is left. */
  rest(): Buffer {
    return this.take(Math.max(0, this.#octets.length - this.#at));
  }
}
