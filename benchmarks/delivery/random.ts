/** Numbers from 0 to 1 that are the same for the same seed (Marsaglia's xorshift, 32 bits). */
export function randomNumbers(seed: number): () => number {
  let state = Math.imul(seed ^ 0x5bf0_3635, 0x9e37_79b1) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
