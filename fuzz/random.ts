/** Whole numbers that look random and are the same for the same seed (Marsaglia's xorshift, 32 bits). */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds must not begin alike, and zero would stay zero.
    this.#state = Math.imul(seed ^ 0x2545_f491, 0x9e37_79b1) || 1;
    for (let round = 0; round < 8; round++) this.below(2);
  }

  /** From 0 to `bound`, without `bound`. */
  below(bound: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % bound;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}
