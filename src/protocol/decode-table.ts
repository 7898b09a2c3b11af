/** Codes of up to this many bits are found with one look. */
const rootBits = 10;
/** From this many entries on a call into the runtime is quicker than a step for each. */
const bulkPays = 32;
/** RFC 1951 §3.2.7: no code is longer. */
const maxBits = 15;

/** The entry of a longer code, or of none: above all others. */
export const noEntry: number = 0xfff << 4;

/** Scratch of {@link DecodeTable.build}: where the symbols of each length begin. */
const offsets = new Uint16Array(maxBits + 1);

/**
 * A Huffman code to decode with (RFC 1951 §3.2.2). Short codes are looked up, long ones are searched
 * length by length: they are rare, by their nature.
 */
export class DecodeTable {
  /** For each {@link DecodeTable.mask} bits to come, `symbol << 4 | length`, or {@link noEntry}. */
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
    this.#fill(Math.min(longest, rootBits));
    return left;
  }

  /** Whether no symbol has a code of two bits or more. */
  get trivial(): boolean {
    return this.#counts.every((count, length) => length < 2 || count === 0);
  }

  /** Finds the code that the bits begin with, the first one lowest, as an entry, or {@link noEntry}. */
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
    return noEntry;
  }

  /** Enters all codes of up to `bits` bits. Codes come with their first bit lowest, so they are counted mirrored. */
  #fill(bits: number): void {
    const { entries } = this;
    const counts = this.#counts;
    const symbols = this.#symbols;
    entries[0] = noEntry;
    let size = 1;
    let code = 0;
    let index = 0;
    for (let length = 1; length <= bits; length++) {
      // What was entered so far holds whatever the next bit is.
      if (size < bulkPays) for (let at = 0; at < size; at++) entries[size + at] = entries[at]!;
      else entries.copyWithin(size, 0, size);
      size *= 2;
      for (let count = counts[length]!; count > 0; count--) {
        entries[code] = (symbols[index++]! << 4) | length;
        // The next code, mirrored: set the highest bit that is 0, and clear those above it.
        const bit = 1 << (31 - Math.clz32(code ^ (size - 1)));
        code = (code & (bit - 1)) | bit;
      }
    }
    this.mask = size - 1;
  }
}
