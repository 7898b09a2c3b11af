import { Violation } from "./frame.ts";

/**
 * How far back a DEFLATE stream refers at most, in octets, without decompressing it (RFC 1951).
 * It ends where the octets end, or with the final block.
 *
 * @throws Violation when it is no DEFLATE
 */
export function farthestReference(deflated: Buffer): number {
  const bits = new Bits(deflated);
  let farthest = 0;
  for (let final = false; !final && !bits.ended; ) {
    final = bits.take(1) === 1;
    const type = bits.take(2);
    if (type === 0) bits.skipStored();
    else if (type === 1) farthest = Math.max(farthest, readBlock(bits, ...fixed));
    else if (type === 2) farthest = Math.max(farthest, readBlock(bits, ...readCodes(bits)));
    else throw new Violation("a DEFLATE block of type 3");
  }
  return farthest;
}

/** Walks over the symbols of one block (RFC 1951 §3.2.5). */
function readBlock(bits: Bits, lengths: Code, distances: Code): number {
  let farthest = 0;
  for (let symbol = lengths.read(bits); symbol !== 256; symbol = lengths.read(bits)) {
    if (symbol < 256) continue;
    // 8 symbols stand for one length each; then four more of them share each extra bit.
    if (symbol >= 265 && symbol < 285) bits.take((symbol - 261) >> 2);
    const distance = distances.read(bits);
    if (symbol > 285 || distance > 29) throw new Violation("an unknown DEFLATE symbol");
    const extra = distance < 4 ? 0 : (distance >> 1) - 1;
    const base = distance < 4 ? distance : (2 + (distance & 1)) << extra;
    farthest = Math.max(farthest, base + bits.take(extra) + 1);
  }
  return farthest;
}

/** A prefix code, which is given by the lengths of its words alone (RFC 1951 §3.2.2). */
class Code {
  /** How many words there are of each length. */
  readonly #counts = new Uint16Array(16);
  /** The symbols in the order of their words. */
  readonly #symbols: number[] = [];

  constructor(lengths: readonly number[]) {
    for (let length = 1; length < 16; length++) {
      for (const [symbol, each] of lengths.entries()) {
        if (each !== length) continue;
        this.#symbols.push(symbol);
        this.#counts[length] = (this.#counts[length] as number) + 1;
      }
    }
  }

  read(bits: Bits): number {
    let word = 0;
    let first = 0;
    let before = 0;
    for (let length = 1; length < 16; length++) {
      word |= bits.take(1);
      const count = this.#counts[length] as number;
      if (word - first < count) return this.#symbols[before + word - first] as number;
      before += count;
      first = (first + count) << 1;
      word <<= 1;
    }
    throw new Violation("an unknown DEFLATE word");
  }
}

const fixed: [lengths: Code, distances: Code] = [
  new Code([
    ...new Array<number>(144).fill(8),
    ...new Array<number>(112).fill(9),
    ...new Array<number>(24).fill(7),
    ...new Array<number>(8).fill(8),
  ]),
  new Code(new Array<number>(30).fill(5)),
];

/** Where the lengths of the code of code lengths stand. */
const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** The codes that a block brings along (RFC 1951 §3.2.7). */
function readCodes(bits: Bits): [lengths: Code, distances: Code] {
  const literals = bits.take(5) + 257;
  const total = literals + bits.take(5) + 1;
  const count = bits.take(4) + 4;
  const widths = new Array<number>(19).fill(0);
  for (const symbol of order.slice(0, count)) widths[symbol] = bits.take(3);
  const code = new Code(widths);
  const lengths: number[] = [];
  while (lengths.length < total) {
    const symbol = code.read(bits);
    if (symbol < 16) lengths.push(symbol);
    else if (symbol === 16) repeat(lengths.at(-1) ?? 0, 3 + bits.take(2));
    else if (symbol === 17) repeat(0, 3 + bits.take(3));
    else repeat(0, 11 + bits.take(7));
  }
  return [new Code(lengths.slice(0, literals)), new Code(lengths.slice(literals))];

  function repeat(length: number, times: number): void {
    for (let i = 0; i < times; i++) lengths.push(length);
  }
}

/** Reads bits, each octet's lowest first. */
class Bits {
  readonly #octets: Buffer;
  #position = 0;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  /** Whether at most the padding of the last octet is left. */
  get ended(): boolean {
    return this.#position + 7 >= this.#octets.length * 8;
  }

  take(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.#position++) {
      const octet = this.#octets[this.#position >> 3];
      if (octet === undefined) throw new Violation("DEFLATE that ends too early");
      value |= ((octet >> (this.#position & 7)) & 1) << i;
    }
    return value;
  }

  /** Passes over the rest of a stored block (RFC 1951 §3.2.4). */
  skipStored(): void {
    this.#position = (this.#position + 7) & ~7;
    const length = this.take(16);
    if ((length ^ this.take(16)) !== 0xffff) throw new Violation("a torn stored block");
    this.#position += length * 8;
  }
}
