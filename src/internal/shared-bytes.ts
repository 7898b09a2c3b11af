/**
 * Memory that many share: each may hold as much as is still free, and no more. The more of them hold
 * something, the less each may have, and something is always left for who comes next. So whoever holds
 * much is stopped first, and those who hold little notice nothing.
 */
export class SharedBytes {
  readonly limit: number;
  #held = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /** Bytes that are left, which is what one may hold at most. */
  get free(): number {
    return Math.max(0, this.limit - this.#held);
  }

  /** Takes bytes, whether they are there or not: they exist already. */
  hold(size: number): void {
    this.#held += size;
  }

  /** Gives bytes back. */
  release(size: number): void {
    this.#held -= size;
  }
}
