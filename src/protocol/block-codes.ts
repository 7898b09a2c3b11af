import type { BitSource } from "./bit-source.ts";
import { DecodeTable } from "./decode-table.ts";
import { endOfBlock, lengthOrder } from "./deflate-symbols.ts";

/** Scratch: code lengths, which symbols have one, and the code that they are written in. */
const lengths = new Uint8Array(320);
const used = new Uint16Array(320);
const lengthTable = new DecodeTable();

/** The two codes that a block is decoded with: that of literals and lengths, and that of distances. */
export class BlockCodes {
  readonly symbols: DecodeTable = new DecodeTable();
  readonly distances: DecodeTable = new DecodeTable();
  #usedCount = 0;

  /** The codes of blocks that bring none along (RFC 1951 §3.2.6). */
  static fixed(): BlockCodes {
    const codes = new BlockCodes();
    for (const symbol of used.keys()) used[symbol] = symbol;
    lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288);
    codes.symbols.build(lengths, used, 0, 288, 0);
    codes.distances.build(lengths.fill(5, 0, 32), used, 0, 32, 0);
    return codes;
  }

  /**
   * Reads the codes of a dynamic block (RFC 1951 §3.2.7).
   * @returns what is wrong with them.
   */
  read(source: BitSource): string | undefined {
    const symbolCount = source.bits(5) + 257;
    const distanceCount = source.bits(5) + 1;
    const lengthCount = source.bits(4) + 4;
    if (symbolCount > 286 || distanceCount > 30) return "too many codes";
    lengths.fill(0, 0, lengthOrder.length);
    for (let at = 0; at < lengthCount; at++) lengths[lengthOrder[at]!] = source.bits(3);
    let usedCount = 0;
    for (let symbol = 0; symbol < lengthOrder.length; symbol++) {
      if (lengths[symbol] !== 0) used[usedCount++] = symbol;
    }
    if (lengthTable.build(lengths, used, 0, usedCount, 0) !== 0) {
      return "code lengths in an incomplete code";
    }
    const fault = this.#readLengths(source, symbolCount + distanceCount);
    if (fault !== undefined) return fault;
    usedCount = this.#usedCount;
    let symbolsEnd = usedCount;
    while (symbolsEnd > 0 && used[symbolsEnd - 1]! >= symbolCount) symbolsEnd--;
    if (lengths[endOfBlock] === 0) return "block without an end";
    const { symbols, distances } = this;
    const symbolsLeft = symbols.build(lengths, used, 0, symbolsEnd, 0);
    if (symbolsLeft < 0 || (symbolsLeft > 0 && !symbols.trivial)) {
      return "incomplete code of symbols";
    }
    const distancesLeft = distances.build(lengths, used, symbolsEnd, usedCount, symbolCount);
    // §3.2.7: one distance code alone has one bit, and a block without any has none.
    if (distancesLeft < 0 || (distancesLeft > 0 && !distances.trivial)) {
      return "incomplete code of distances";
    }
    return undefined;
  }

  /** Reads `total` code lengths, which are run-length encoded, and which of them are not 0. */
  #readLengths(source: BitSource, total: number): string | undefined {
    const { entries, mask } = lengthTable;
    let view = source.view;
    let position = source.position;
    let careAt = source.careAt;
    let hold = source.hold;
    let count = source.count;
    let previous = -1;
    let usedCount = 0;
    lengths[endOfBlock] = 0;
    for (let at = 0; at < total; ) {
      if (position >= careAt) {
        source.position = position;
        source.count = count;
        if (!source.inTail) {
          source.enterTail();
          view = source.view;
          position = 0;
          careAt = source.careAt;
        } else if (source.left < 0) {
          return "cut off in the header of a block";
        }
      }
      if (count < 14) {
        hold |= view.getInt32(position, true) << count;
        position += (31 - count) >> 3;
        count |= 24;
      }
      const entry = entries[hold & mask]!;
      const symbol = entry >>> 4;
      let size = entry & 15;
      hold = (hold >>> size) | 0;
      count -= size;
      if (symbol < 16) {
        previous = symbol;
        if (symbol !== 0) {
          lengths[at] = symbol;
          used[usedCount++] = at;
        }
        at++;
        continue;
      }
      if (symbol > 16) previous = 0;
      else if (previous < 0) return "repeated code length without one before";
      size = symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
      const end = at + (symbol === 18 ? 11 : 3) + (hold & ((1 << size) - 1));
      hold = (hold >>> size) | 0;
      count -= size;
      if (end > total) return "too many code lengths";
      if (previous === 0) {
        at = end;
        continue;
      }
      for (; at < end; at++) {
        lengths[at] = previous;
        used[usedCount++] = at;
      }
    }
    source.position = position;
    source.hold = hold;
    source.count = count;
    this.#usedCount = usedCount;
    return undefined;
  }
}
