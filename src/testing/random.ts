/** Numbers that look random and are the same for the same seed (Marsaglia's xorshift, 32 bits). */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds must not begin alike, and zero would stay zero.
    this.#state = Math.imul(seed ^ 0x5bf0_3635, 0x9e37_79b1) || 1;
    for (let round = 0; round < 8; round++) this.next();
  }

  /** From 0 to 1, without 1. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) / 2 ** 32;
  }

  /** True with a probability. What never happens costs no number, so it changes no other. */
  happens(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }
}
