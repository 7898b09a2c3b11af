import { maxMatch } from "./deflate-symbols.ts";
import type { DeflateBlock } from "./deflate-block.ts";

/** The shortest match that is looked for: what is shorter saves little. */
export const minMatch = 4;

/** What a hash multiplies by: 2^32 divided by the golden ratio. */
const spread = 0x9e3779b1 | 0;

/**
 * Finds what a message repeats (RFC 1951 §4), with one look for each position: where the same four bytes
 * were last seen. Entries may be stale, since a match is always compared.
 */
export class MatchFinder {
  /** Positions modulo 2^16, by the hash of the four bytes there. They count from {@link #origin} on. */
  #table: Uint16Array = new Uint16Array(0);
  #shift = 32;
  #origin = 0;

  /** Forgets all positions, and remembers `slots` of them from now on: a power of 2. */
  resize(slots: number): void {
    if (slots > this.#table.length) this.#table = new Uint16Array(slots);
    else this.#table.fill(0, 0, slots);
    this.#shift = Math.clz32(slots) + 1;
    this.#origin = 0;
  }

  /** What was at `by` is at 0 now. */
  slide(by: number): void {
    this.#origin = (this.#origin + by) & 0xffff;
  }

  /** Remembers the positions of bytes that are in nobody's tokens. */
  index(view: DataView, start: number, end: number): void {
    const table = this.#table;
    const shift = this.#shift;
    const origin = this.#origin;
    for (let at = start; at <= end - minMatch; at++) {
      table[Math.imul(view.getInt32(at, true), spread) >>> shift] = at + origin;
    }
  }

  /**
   * Finds the matches of `bytes[start, end)`, and leaves them in the block. They may look back to `floor`, but
   * no farther than `window` bytes.
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
    const origin = this.#origin;
    const { matches } = block;
    let size = 0;
    let misses = 0;
    /** Where the literals begin that stand before the next match. */
    let literals = start;
    let at = start;
    const stop = end - minMatch;
    while (at <= stop) {
      const four = view.getInt32(at, true);
      const slot = Math.imul(four, spread) >>> shift;
      const distance = (at + origin - table[slot]!) & 0xffff;
      table[slot] = at + origin;
      const from = at - distance;
      if (
        distance > window ||
        from < floor ||
        view.getInt32(from, true) !== four ||
        distance === 0
      ) {
        // What had no match for long will have none soon: look less often.
        at += 1 + (misses++ >> 6);
        continue;
      }
      misses = 0;
      const limit = end - at < maxMatch ? end : at + maxMatch;
      let to = at + 4;
      let differing = 0;
      while (differing === 0 && to + 4 <= limit) {
        differing = view.getInt32(to, true) ^ view.getInt32(to - distance, true);
        to += differing === 0 ? 4 : (31 - Math.clz32(differing & -differing)) >> 3;
      }
      if (differing === 0) while (to < limit && bytes[to] === bytes[to - distance]) to++;
      matches[size++] = at - literals;
      matches[size++] = ((to - at) << 16) | distance;
      const last = to <= stop ? to - 1 : stop;
      // Every second position: the next one is found as well, one byte later.
      for (at++; at <= last; at += 2) {
        table[Math.imul(view.getInt32(at, true), spread) >>> shift] = at + origin;
      }
      at = to;
      literals = to;
    }
    matches[size++] = end - literals;
    matches[size] = 0;
  }
}
