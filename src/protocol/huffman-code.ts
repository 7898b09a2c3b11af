/** The largest alphabet. */
const maxSymbols = 288;

/** Scratch of {@link HuffmanCode.build}: symbols sorted by how often they occur, and the tree. */
const sorted = new Uint16Array(maxSymbols);
const halfSorted = new Uint16Array(maxSymbols);
const places = new Uint16Array(256);
/** Above every sum of frequencies. */
const unmade = 0x7fffffff;
/** A tree is no deeper: its weights would go beyond {@link unmade}, since they grow like Fibonacci's numbers. */
const maxDepth = 46;
const weights = new Int32Array(maxSymbols + 1);
const innerWeights = new Int32Array(maxSymbols);
const parents = new Uint16Array(maxSymbols);
const depths = new Uint8Array(maxSymbols);
const innerCounts = new Uint16Array(maxDepth + 1);
/** How many codes of each length there are. */
const counts = new Uint16Array(16);

const mirrored = Uint8Array.from({ length: 256 }, (_, octet) => {
  let mirror = 0;
  for (let bit = 0; bit < 8; bit++) mirror |= ((octet >> bit) & 1) << (7 - bit);
  return mirror;
});

/** A Huffman code to encode with (RFC 1951 §3.2.2), made from how often each symbol occurs. */
export class HuffmanCode {
  /** How often each symbol occurs, up to 65 535: for the caller to count in. {@link clear} sets them back. */
  readonly frequencies: Int32Array;
  /** How many bits each symbol's code has; 0 if it does not occur. */
  readonly lengths: Uint8Array;
  /** The codes, first bit lowest. */
  readonly codes: Uint16Array;
  readonly #maxBits: number;
  /** The symbols that occur, in their order, once {@link survey} has looked. */
  readonly #used: Uint16Array;
  #usedCount = 0;
  /** Whether a frequency takes more than one octet. */
  #twoOctets = false;

  constructor(symbols: number, maxBits: number) {
    this.frequencies = new Int32Array(symbols);
    this.lengths = new Uint8Array(symbols);
    this.codes = new Uint16Array(symbols);
    this.#used = new Uint16Array(symbols);
    this.#maxBits = maxBits;
  }

  /** Makes a code of given lengths. */
  static of(...lengths: number[]): HuffmanCode {
    const code = new HuffmanCode(lengths.length, 15);
    code.frequencies.set(lengths);
    code.lengths.set(lengths);
    code.survey();
    counts.fill(0);
    for (const length of lengths) counts[length]!++;
    code.#assign();
    return code;
  }

  /** Looks which symbols occur. */
  survey(): void {
    const { frequencies } = this;
    const used = this.#used;
    let count = 0;
    let all = 0;
    for (let symbol = 0; symbol < frequencies.length; symbol++) {
      const frequency = frequencies[symbol]!;
      if (frequency === 0) continue;
      used[count++] = symbol;
      all |= frequency;
    }
    this.#usedCount = count;
    this.#twoOctets = all > 255;
  }

  /** How many bits all symbols take in `code`, which may be another one, without what follows them. */
  cost(code: HuffmanCode): number {
    const { frequencies } = this;
    const { lengths } = code;
    const used = this.#used;
    let bits = 0;
    for (let at = 0; at < this.#usedCount; at++) {
      const symbol = used[at]!;
      bits += frequencies[symbol]! * lengths[symbol]!;
    }
    return bits;
  }

  /** Makes a code for the symbols that occur. It is complete: two symbols have a code at least. */
  build(): void {
    const { lengths } = this;
    const used = this.#used;
    const count = this.#usedCount;
    lengths.fill(0);
    if (count < 2) {
      // Decoders may refuse a code of one symbol.
      const only = count === 1 ? used[0]! : 0;
      used[0] = 0;
      used[1] = Math.max(only, 1);
      lengths[0] = 1;
      lengths[used[1]] = 1;
      this.#usedCount = 2;
      counts.fill(0);
      counts[1] = 2;
    } else {
      this.#sort(count);
      this.#plantTree(count);
      this.#giveLengths();
    }
    this.#assign();
  }

  /** Sets the frequencies back. */
  clear(): void {
    this.frequencies.fill(0);
  }

  /** Gives out codes in the order of lengths and symbols; {@link counts} tells how many of each length. */
  #assign(): void {
    const { lengths, codes } = this;
    const used = this.#used;
    const usedCount = this.#usedCount;
    let code = 0;
    for (let length = 1; length <= 15; length++) {
      const count = counts[length]!;
      counts[length] = code;
      code = (code + count) << 1;
    }
    for (let at = 0; at < usedCount; at++) {
      const symbol = used[at]!;
      const length = lengths[symbol]!;
      const next = counts[length]!++;
      codes[symbol] = ((mirrored[next & 255]! << 8) | mirrored[next >> 8]!) >> (16 - length);
    }
  }

  /** Sorts the symbols that occur, the rarest first: by the low octets of their frequencies, then by the high ones. */
  #sort(count: number): void {
    const used = this.#used;
    if (this.#twoOctets) {
      this.#distribute(used, halfSorted, count, 0);
      this.#distribute(halfSorted, sorted, count, 8);
    } else {
      this.#distribute(used, sorted, count, 0);
    }
  }

  /** Sorts `count` symbols by one octet of their frequencies, and leaves them in their order otherwise. */
  #distribute(from: Uint16Array, to: Uint16Array, count: number, shift: number): void {
    const { frequencies } = this;
    places.fill(0);
    for (let at = 0; at < count; at++) places[(frequencies[from[at]!]! >> shift) & 255]!++;
    let place = 0;
    for (let octet = 0; place < count; octet++) {
      const size = places[octet]!;
      places[octet] = place;
      place += size;
    }
    for (let at = 0; at < count; at++) {
      const symbol = from[at]!;
      to[places[(frequencies[symbol]! >> shift) & 255]!++] = symbol;
    }
  }

  /** Huffman's algorithm: the two lightest nodes get a parent, until one is left. */
  #plantTree(leaves: number): void {
    const { frequencies } = this;
    for (let at = 0; at < leaves; at++) weights[at] = frequencies[sorted[at]!]!;
    weights[leaves] = unmade;
    // Inner nodes come into being in the order of their weights, so that two queues need no sorting.
    let leaf = 0;
    let inner = 0;
    const root = leaves - 2;
    for (let next = 0; next <= root; next++) {
      innerWeights[next] = unmade;
      let weight = 0;
      if (weights[leaf]! <= innerWeights[inner]!) {
        weight = weights[leaf++]!;
      } else {
        weight = innerWeights[inner]!;
        parents[inner++] = next;
      }
      if (weights[leaf]! <= innerWeights[inner]!) {
        weight += weights[leaf++]!;
      } else {
        weight += innerWeights[inner]!;
        parents[inner++] = next;
      }
      innerWeights[next] = weight;
    }
    innerCounts.fill(0);
    innerCounts[0] = 1;
    depths[root] = 0;
    for (let at = root - 1; at >= 0; at--) {
      const depth = depths[parents[at]!]! + 1;
      depths[at] = depth;
      innerCounts[depth]!++;
    }
    // Each inner node has two nodes below it. What are no inner nodes there are leaves.
    const longest = this.#maxBits;
    counts.fill(0);
    for (let depth = 1, above = 1; above > 0; depth++) {
      const below = innerCounts[depth]!;
      counts[depth < longest ? depth : longest]! += 2 * above - below;
      above = below;
    }
  }

  /** Makes room for codes that were cut to the longest length, then gives the rarest symbols the longest. */
  #giveLengths(): void {
    const longest = this.#maxBits;
    let space = 0;
    for (let length = 1; length <= longest; length++)
      space += counts[length]! << (longest - length);
    for (; space > 1 << longest; space--) {
      // One of the longest goes, and comes back beside a shorter one, which gets one bit more for it.
      counts[longest]!--;
      let length = longest - 1;
      while (counts[length] === 0) length--;
      counts[length]!--;
      counts[length + 1]! += 2;
    }
    const { lengths } = this;
    let at = 0;
    for (let length = longest; length > 0; length--) {
      for (let count = counts[length]!; count > 0; count--) lengths[sorted[at++]!] = length;
    }
  }
}
