import { type DeflateBlock, distanceSymbols, lengthSymbols } from "./deflate-block.ts";
import { firstLength, maxMatch } from "./deflate-symbols.ts";

/** The shortest match that is looked for: what is shorter saves little. */
const minMatch = 4;

/** What a hash multiplies by: 2^32 divided by the golden ratio. */
const spread = 0x9e3779b1 | 0;

/**
 * Finds what a message repeats (RFC 1951 §4), with one look for each position: where the same four bytes
 * were last seen. Entries may be stale, since a match is always compared.
 */
export class MatchFinder {
  /** Positions modulo 2^16, by the hash of the four bytes there. */
  #table: Uint16Array = new Uint16Array(0);
  #shift = 32;

  /** Forgets all positions, and remembers `slots` of them from now on: a power of 2. */
  resize(slots: number): void {
    if (slots > this.#table.length) this.#table = new Uint16Array(slots);
    else this.#table.fill(0, 0, slots);
    this.#shift = Math.clz32(slots) + 1;
  }

  /** What was at `by` is at 0 now. */
  slide(by: number): void {
    const table = this.#table;
    for (let slot = 0; slot < table.length; slot++) table[slot] = Math.max(0, table[slot]! - by);
  }

  /** Remembers the positions of bytes that are in nobody's tokens. */
  index(view: DataView, start: number, end: number): void {
    const table = this.#table;
    const shift = this.#shift;
    for (let at = start; at <= end - minMatch; at++) {
      table[Math.imul(view.getInt32(at, true), spread) >>> shift] = at;
    }
  }

  /**
   * Turns `bytes[start, end)` into tokens. They may look back to `floor`, but no farther than
   * `window` bytes.
   */
  find(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    floor: number,
    window: number,
    block: DeflateBlock,
  ): void {
    const table = this.#table;
    const shift = this.#shift;
    const { tokens } = block;
    const symbols = block.symbols.frequencies;
    const distances = block.distances.frequencies;
    let { size } = block;
    let misses = 0;
    let at = start;
    const stop = end - minMatch;
    while (at <= stop) {
      const four = view.getInt32(at, true);
      const slot = Math.imul(four, spread) >>> shift;
      const distance = (at - table[slot]!) & 0xffff;
      table[slot] = at;
      const from = at - distance;
      if (
        distance === 0 ||
        distance > window ||
        from < floor ||
        view.getInt32(from, true) !== four
      ) {
        // What had no match for long will have none soon: look less often.
        let next = at + 1 + (misses++ >> 6);
        if (next > end) next = end;
        while (at < next) {
          const octet = bytes[at++]!;
          symbols[octet]!++;
          tokens[size++] = octet;
        }
        continue;
      }
      misses = 0;
      const limit = Math.min(end, at + maxMatch);
      let to = at + 4;
      let other = from + 4;
      while (to + 4 <= limit && view.getInt32(to, true) === view.getInt32(other, true)) {
        to += 4;
        other += 4;
      }
      while (to < limit && bytes[to] === bytes[other]) {
        to++;
        other++;
      }
      tokens[size++] = ((to - at) << 16) | distance;
      symbols[firstLength + lengthSymbols[to - at]!]!++;
      distances[distanceSymbols[distance <= 256 ? distance - 1 : 256 + ((distance - 1) >> 7)]!]!++;
      const last = Math.min(to - 1, stop);
      // Every second position: the next one is found as well, one byte later.
      for (at++; at <= last; at += 2) {
        table[Math.imul(view.getInt32(at, true), spread) >>> shift] = at;
      }
      at = to;
    }
    while (at < end) {
      const octet = bytes[at++]!;
      symbols[octet]!++;
      tokens[size++] = octet;
    }
    block.size = size;
  }
}
