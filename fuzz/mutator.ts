import type { Random } from "./random.ts";

/** Octets, and lengths of two and four octets, at which code tends to change its mind. */
const octets = [0, 1, 2, 0x0a, 0x20, 0x7d, 0x7e, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xfe, 0xff];
const shorts = [0, 1, 125, 126, 127, 128, 255, 256, 1000, 0x7fff, 0x8000, 0xfffe, 0xffff];
const longs = [0, 1, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const repeats = [2, 3, 8, 60, 124, 125, 126, 127, 258, 400];

/** Makes new inputs out of old ones. The same seed makes the same out of the same. */
export class Mutator {
  readonly #random: Random;
  readonly #dictionary: readonly Uint8Array[];
  readonly #maxSize: number;

  constructor(random: Random, dictionary: readonly Uint8Array[], maxSize: number) {
    this.#random = random;
    this.#dictionary = dictionary;
    this.#maxSize = maxSize;
  }

  /** A changed copy of `input`; something of `other` may come in. */
  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    const random = this.#random;
    let mutant: Uint8Array = Uint8Array.from(input);
    // Mostly one or two changes, seldom many.
    do {
      mutant = this.#change(mutant, other).subarray(0, this.#maxSize);
    } while (random.below(5) < 3);
    return mutant;
  }

  #change(input: Uint8Array, other: Uint8Array): Uint8Array {
    const random = this.#random;
    const at = random.below(input.length + 1);
    const end = at + random.below(Math.min(input.length - at, 64) + 1);
    const range = input.subarray(at, end);
    switch (random.below(14)) {
      case 0:
        return patch(input, at, [(input[at] ?? 0) ^ (1 << random.below(8))]);
      case 1:
        return patch(input, at, [random.below(256)]);
      case 2:
        return patch(input, at, [random.pick(octets)]);
      case 3:
        return patch(input, at, [(input[at] ?? 0) + random.below(9) - 4]);
      case 4:
        return patch(input, at, bigEndian(random.pick(shorts), 2));
      case 5:
        return patch(input, at, bigEndian(random.pick(longs), 4));
      case 6:
        return splice(input, at, at, Uint8Array.of(random.below(256)));
      case 7:
        return splice(input, at, end, new Uint8Array());
      case 8:
        return splice(input, at, at, range);
      case 9:
        return splice(input, random.below(input.length + 1), at, range);
      case 10: {
        const octet = random.pick([0x20, 0x61, 0x80, input[at] ?? 0]);
        return splice(input, at, at, new Uint8Array(random.pick(repeats)).fill(octet));
      }
      case 11: {
        const from = random.below(other.length + 1);
        const size = random.below(Math.min(other.length - from, 200) + 1);
        return splice(input, at, at, other.subarray(from, from + size));
      }
      case 12:
        return splice(input, at, at, this.#word());
      default: {
        const word = this.#word();
        return splice(input, at, at + word.length, word);
      }
    }
  }

  #word(): Uint8Array {
    return this.#dictionary.length === 0 ? Uint8Array.of(0) : this.#random.pick(this.#dictionary);
  }
}

/** `input` with octets in the place of those at `at`. */
function patch(input: Uint8Array, at: number, octets: readonly number[]): Uint8Array {
  return splice(input, at, at + octets.length, Uint8Array.from(octets));
}

/** `input` with `inserted` in the place of `[start, end)`, in whatever order these are. */
function splice(input: Uint8Array, start: number, end: number, inserted: Uint8Array): Uint8Array {
  const [from, to] = start < end ? [start, end] : [end, start];
  return Buffer.concat([input.subarray(0, from), inserted, input.subarray(to)]);
}

function bigEndian(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => (value / 256 ** (size - 1 - i)) & 0xff);
}
