import {
  distanceBase,
  distanceExtra,
  endOfBlock,
  firstLength,
  lengthBase,
  lengthExtra,
  lengthOrder,
  maxMatch,
} from "./deflate-symbols.ts";
import { HuffmanCode } from "./huffman-code.ts";
import { minMatch } from "./match-finder.ts";

/** A block stands for at most this many bytes: they fit into one stored block, and into the tokens. */
export const maxBlock: number = 32 * 1024;

/** With fewer tokens a code of its own costs more than it saves. */
const dynamicPays = 48;

/**
 * Codes are shorter than they may be (15 bits): so two literals, or a distance with its extra bits, always
 * fit beside the 7 bits that may be held. It costs next to nothing, since longer codes are those of rare symbols.
 */
const maxSymbolBits = 12;
const maxDistanceBits = 11;

/** The symbol of each match length, less 257. */
const lengthSymbols = new Uint8Array(maxMatch + 1);
for (const [symbol, base] of lengthBase.entries()) lengthSymbols.fill(symbol, base);
/** The symbol of each distance: up to 256 by the distance less 1, above by 256 and its multiple of 128. */
const distanceSymbols = new Uint8Array(512);
for (const [symbol, base] of distanceBase.entries()) {
  if (base <= 256) distanceSymbols.fill(symbol, base - 1, 256);
  distanceSymbols.fill(symbol, 256 + ((base - 1) >> 7));
}

/** The code of blocks without one of their own (RFC 1951 §3.2.6). */
const fixedSymbols = HuffmanCode.of(
  ...[...Array(144).fill(8), ...Array(112).fill(9), ...Array(24).fill(7), ...Array(8).fill(8)],
);
const fixedDistances = HuffmanCode.of(...Array(30).fill(5));

/**
 * Writes blocks (RFC 1951 §3.2): bytes and what they repeat go in, and come out stored, in the fixed code or
 * in a code of their own, whichever is shortest.
 */
export class DeflateBlock {
  /**
   * What the block repeats, for the caller to fill in: how many literals come next, then the match behind
   * them as `length << 16 | distance`, and so on. A match of 0 is none: there the block ends.
   */
  readonly matches: Int32Array = new Int32Array((2 * maxBlock) / minMatch + 2);
  readonly #symbols: HuffmanCode = new HuffmanCode(286, maxSymbolBits);
  readonly #distances: HuffmanCode = new HuffmanCode(30, maxDistanceBits);

  #output: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #length = 0;
  /** Bits that are not written yet, fewer than 8. */
  #hold = 0;
  #count = 0;
  /** The code lengths of a block, run-length encoded as `extra << 5 | symbol`, and their own code. */
  readonly #runs: Uint16Array = new Uint16Array(316);
  #runCount = 0;
  readonly #lengths: HuffmanCode = new HuffmanCode(19, 7);

  /** Begins an output: what was written before is gone. */
  begin(): void {
    this.#length = 0;
    this.#hold = 0;
    this.#count = 0;
  }

  /** Writes a block that stands for `bytes[start, end)`, and forgets its matches. */
  write(bytes: Uint8Array, start: number, end: number): void {
    this.#room(end - start);
    const symbols = this.#symbols;
    const distances = this.#distances;
    const total = this.#countSymbols(bytes, start);
    symbols.survey();
    distances.survey();
    let extra = 0;
    for (let at = firstLength + 8; at < 286; at++) {
      extra += symbols.frequencies[at]! * lengthExtra[at - firstLength]!;
    }
    for (let at = 4; at < 30; at++) extra += distances.frequencies[at]! * distanceExtra[at]!;
    const stored = 4 * 8 + 7 + (end - start) * 8;
    const fixed = extra + symbols.cost(fixedSymbols) + distances.cost(fixedDistances);
    let dynamic = Number.POSITIVE_INFINITY;
    if (total > dynamicPays) {
      symbols.build();
      distances.build();
      dynamic = extra + symbols.cost(symbols) + distances.cost(distances) + this.#planHeader();
    }
    if (stored <= fixed && stored <= dynamic) {
      this.#writeStored(bytes, start, end);
    } else if (fixed <= dynamic) {
      this.#put(1 << 1, 3);
      this.#writeTokens(bytes, start, fixedSymbols, fixedDistances);
    } else {
      this.#put(2 << 1, 3);
      this.#writeHeader();
      this.#writeTokens(bytes, start, symbols, distances);
    }
    symbols.clear();
    distances.clear();
  }

  /**
   * Ends the output with an empty stored block, all of it or without its last four octets
   * (RFC 7692 §7.2.1), and hands over a copy.
   */
  end(whole: boolean): Buffer {
    this.#room(0);
    const output = this.#output;
    this.#put(0, 3);
    let length = this.#length;
    if (this.#count > 0) output[length++] = this.#hold;
    if (whole) {
      output.writeInt32LE(-0x10000, length);
      length += 4;
    }
    const copy = Buffer.allocUnsafe(length);
    copy.set(new Uint8Array(output.buffer, 0, length));
    return copy;
  }

  #writeStored(bytes: Uint8Array, start: number, end: number): void {
    this.#put(0, 3);
    this.#put(0, -this.#count & 7);
    const size = end - start;
    this.#put(size, 16);
    this.#put(size ^ 0xffff, 16);
    this.#output.set(bytes.subarray(start, end), this.#length);
    this.#length += size;
  }

  /** Counts the symbols, and gives how many there are with the one that ends the block, but for distances. */
  #countSymbols(bytes: Uint8Array, start: number): number {
    const { matches } = this;
    const symbols = this.#symbols.frequencies;
    const distances = this.#distances.frequencies;
    let total = 0;
    let at = start;
    for (let next = 0; ; ) {
      const run = matches[next++]!;
      total += run + 1;
      for (const stop = at + run; at < stop; at++) symbols[bytes[at]!]!++;
      const match = matches[next++]!;
      if (match === 0) break;
      const length = match >>> 16;
      at += length;
      symbols[firstLength + lengthSymbols[length]!]!++;
      distances[distanceSymbol(match & 0xffff)]!++;
    }
    symbols[endOfBlock] = 1;
    return total;
  }

  #writeTokens(
    bytes: Uint8Array,
    start: number,
    symbolCode: HuffmanCode,
    distanceCode: HuffmanCode,
  ): void {
    const { matches } = this;
    const view = this.#view;
    const symbols = symbolCode.codes;
    const symbolBits = symbolCode.lengths;
    const distances = distanceCode.codes;
    const distanceBits = distanceCode.lengths;
    let position = this.#length;
    let hold = this.#hold;
    let count = this.#count;
    let at = start;
    for (let next = 0; ; ) {
      const stop = at + matches[next++]!;
      while (at < stop) {
        let octet = bytes[at++]!;
        hold |= symbols[octet]! << count;
        count += symbolBits[octet]!;
        if (at < stop) {
          octet = bytes[at++]!;
          hold |= symbols[octet]! << count;
          count += symbolBits[octet]!;
        }
        view.setInt32(position, hold, true);
        position += count >> 3;
        hold >>= count & 24;
        count &= 7;
      }
      const match = matches[next++]!;
      if (match === 0) break;
      const length = match >>> 16;
      at += length;
      let symbol = lengthSymbols[length]!;
      let bits = symbolBits[firstLength + symbol]!;
      hold |= (symbols[firstLength + symbol]! | ((length - lengthBase[symbol]!) << bits)) << count;
      count += bits + lengthExtra[symbol]!;
      view.setInt32(position, hold, true);
      position += count >> 3;
      hold >>= count & 24;
      count &= 7;
      const distance = match & 0xffff;
      symbol = distanceSymbol(distance);
      bits = distanceBits[symbol]!;
      hold |= (distances[symbol]! | ((distance - distanceBase[symbol]!) << bits)) << count;
      count += bits + distanceExtra[symbol]!;
      view.setInt32(position, hold, true);
      position += count >> 3;
      hold >>= count & 24;
      count &= 7;
    }
    this.#length = position;
    this.#hold = hold;
    this.#count = count;
    this.#put(symbols[endOfBlock]!, symbolBits[endOfBlock]!);
  }

  /** Run-length encodes the code lengths, makes a code for that, and tells how many bits the header will have. */
  #planHeader(): number {
    this.#runCount = 0;
    const lengths = this.#lengths;
    const { frequencies } = lengths;
    lengths.clear();
    const symbolCount = usedLength(this.#symbols.lengths, 257);
    const distanceCount = usedLength(this.#distances.lengths, 1);
    this.#planRuns(this.#symbols.lengths, symbolCount);
    this.#planRuns(this.#distances.lengths, distanceCount);
    lengths.survey();
    lengths.build();
    const extra = frequencies[16]! * 2 + frequencies[17]! * 3 + frequencies[18]! * 7;
    return 14 + 3 * this.#lengthCount + lengths.cost(lengths) + extra;
  }

  #planRuns(lengths: Uint8Array, end: number): void {
    const { frequencies } = this.#lengths;
    const runs = this.#runs;
    let runCount = this.#runCount;
    for (let at = 0; at < end; ) {
      const length = lengths[at]!;
      let next = at + 1;
      while (next < end && lengths[next] === length) next++;
      let due = next - at;
      at = next;
      if (length === 0) {
        while (due >= 11) {
          const times = Math.min(due, 138);
          runs[runCount++] = ((times - 11) << 5) | 18;
          frequencies[18]!++;
          due -= times;
        }
        if (due >= 3) {
          runs[runCount++] = ((due - 3) << 5) | 17;
          frequencies[17]!++;
          due = 0;
        }
      } else {
        runs[runCount++] = length;
        frequencies[length]!++;
        due--;
        while (due >= 3) {
          const times = Math.min(due, 6);
          runs[runCount++] = ((times - 3) << 5) | 16;
          frequencies[16]!++;
          due -= times;
        }
      }
      frequencies[length]! += due;
      while (due-- > 0) runs[runCount++] = length;
    }
    this.#runCount = runCount;
  }

  /** How many lengths of the code length code are sent. */
  get #lengthCount(): number {
    const { lengths } = this.#lengths;
    let count = lengthOrder.length;
    while (lengths[lengthOrder[count - 1]!] === 0) count--;
    return count;
  }

  #writeHeader(): void {
    const { codes, lengths } = this.#lengths;
    const lengthCount = this.#lengthCount;
    this.#put(usedLength(this.#symbols.lengths, 257) - 257, 5);
    this.#put(usedLength(this.#distances.lengths, 1) - 1, 5);
    this.#put(lengthCount - 4, 4);
    for (let at = 0; at < lengthCount; at++) this.#put(lengths[lengthOrder[at]!]!, 3);
    const runs = this.#runs;
    const view = this.#view;
    let position = this.#length;
    let hold = this.#hold;
    let count = this.#count;
    for (let at = 0; at < this.#runCount; at++) {
      const symbol = runs[at]! & 31;
      const bits = lengths[symbol]!;
      hold |= (codes[symbol]! | ((runs[at]! >> 5) << bits)) << count;
      count += bits + (symbol < 16 ? 0 : symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
      view.setInt32(position, hold, true);
      position += count >> 3;
      hold >>= count & 24;
      count &= 7;
    }
    this.#length = position;
    this.#hold = hold;
    this.#count = count;
  }

  /** Writes up to 16 bits, and whatever waits of whole octets. */
  #put(value: number, bits: number): void {
    const hold = this.#hold | (value << this.#count);
    const count = this.#count + bits;
    this.#view.setInt32(this.#length, hold, true);
    this.#length += count >> 3;
    this.#hold = hold >> (count & 24);
    this.#count = count & 7;
  }

  /** Makes room for a block of `size` bytes, and for what ends the output. */
  #room(size: number): void {
    const needed = this.#length + size + 64;
    if (needed <= this.#output.length) return;
    const output = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#output.length));
    this.#output.copy(output, 0, 0, this.#length);
    this.#output = output;
    this.#view = new DataView(output.buffer);
  }
}

function distanceSymbol(distance: number): number {
  return distanceSymbols[distance <= 256 ? distance - 1 : 256 + ((distance - 1) >> 7)]!;
}

/** How many lengths remain without the zeros at the end, but `least`. */
function usedLength(lengths: Uint8Array, least: number): number {
  let end = lengths.length;
  while (end > least && lengths[end - 1] === 0) end--;
  return end;
}
