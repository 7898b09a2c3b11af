/** Codes of up to this many bits are found with one look. */
const rootBits = 9;
/** RFC 1951 §3.2.7: no code is longer. */
const maxBits = 15;

/** Scratch of {@link DecodeTable.build}: where the symbols of each length begin. */
const offsets = new Uint16Array(maxBits + 1);

/**
 * A Huffman code to decode with (RFC 1951 §3.2.2). Short codes are looked up, long ones are searched
 * length by length: they are rare, by their nature.
 */
export class DecodeTable {
  /** For each {@link DecodeTable.mask} bits to come, `symbol << 4 | length`; 0 for a longer code or none. */
  readonly entries: Uint16Array = new Uint16Array(1 << rootBits);
  /** Which bits to look up with: fewer if all codes are short. */
  mask: number = (1 << rootBits) - 1;
  readonly #counts: Uint16Array = new Uint16Array(maxBits + 1);
  /** Symbols in the order of their codes. */
  readonly #symbols: Uint16Array = new Uint16Array(288);

  /**
   * Makes the code. `used[start, end)` are the symbols that occur, `base` above their number, in order;
   * `lengths` has the length of each one's code at the same place.
   * @returns how many codes are left over: 0 for a complete code, below 0 if there are too many.
   */
  build(lengths: Uint8Array, used: Uint16Array, start: number, end: number, base: number): number {
    const counts = this.#counts;
    counts.fill(0);
    for (let at = start; at < end; at++) counts[lengths[used[at]!]!]!++;
    let left = 1;
    let longest = 1;
    let offset = 0;
    for (let length = 1; length <= maxBits; length++) {
      const count = counts[length]!;
      left = (left << 1) - count;
      if (left < 0) return left;
      offsets[length] = offset;
      offset += count;
      if (count > 0) longest = length;
    }
    const symbols = this.#symbols;
    for (let at = start; at < end; at++) {
      const symbol = used[at]!;
      symbols[offsets[lengths[symbol]!]!++] = symbol - base;
    }
    this.#fill(Math.min(longest, rootBits), left > 0 || longest > rootBits);
    return left;
  }

  /** Whether no symbol has a code of two bits or more. */
  get trivial(): boolean {
    return this.#counts.every((count, length) => length < 2 || count === 0);
  }

  /** Finds the code that the bits begin with, the first one lowest, as an entry; 0 if there is none. */
  search(bits: number): number {
    const counts = this.#counts;
    let rest = bits;
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= maxBits; length++) {
      code |= rest & 1;
      rest >>>= 1;
      const count = counts[length]!;
      if (code - first < count) return (this.#symbols[index + code - first]! << 4) | length;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return 0;
  }

  /** Enters all codes of up to `bits` bits. Codes come with their first bit lowest, so they are counted mirrored. */
  #fill(bits: number, gaps: boolean): void {
    const { entries } = this;
    const counts = this.#counts;
    const symbols = this.#symbols;
    const size = 1 << bits;
    this.mask = size - 1;
    if (gaps) entries.fill(0, 0, size);
    let code = 0;
    let index = 0;
    for (let length = 1; length <= bits; length++) {
      const step = 1 << length;
      for (let count = counts[length]!; count > 0; count--) {
        const entry = (symbols[index++]! << 4) | length;
        for (let at = code; at < size; at += step) entries[at] = entry;
        // The next code, mirrored: add one at the highest bit, and carry downwards.
        let bit = step >> 1;
        while ((code & bit) !== 0) bit >>= 1;
        code = bit === 0 ? 0 : (code & (bit - 1)) | bit;
      }
    }
  }
}
