/**
 * What a connection sends, made before anything is measured: a ring of frames, which it goes round for
 * ever. The first round may have other bytes than those that follow, since a compressor with a context
 * does not know yet what it will have seen.
 */
export class Requests {
  /** How many frames there are in a round. */
  readonly count: number;
  readonly #bytes: Buffer;
  /** Where each frame begins, of the first round, and of two more. */
  readonly #starts: number[] = [];
  readonly #views: (Buffer | undefined)[] = [];
  readonly #most: number;

  /** `most` is how many are taken at a time, at most. */
  constructor(first: readonly Buffer[], later: readonly Buffer[], most: number) {
    this.count = first.length;
    if (later.length !== this.count || most > this.count) {
      throw new RangeError(`${most} messages at a time out of ${this.count}`);
    }
    this.#most = most;
    const frames = [...first, ...later, ...later];
    let start = 0;
    for (const frame of frames) {
      this.#starts.push(start);
      start += frame.length;
    }
    this.#starts.push(start);
    this.#bytes = Buffer.concat(frames);
  }

  /** The bytes of messages number `from` to `from + count - 1`, of all that a connection sends. */
  take(from: number, count: number): Buffer {
    const place = from < this.count ? from : this.count + (from % this.count);
    const key = place * (this.#most + 1) + count;
    return (this.#views[key] ??= this.#bytes.subarray(
      this.#starts[place],
      this.#starts[place + count],
    ));
  }
}
