import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import type { ProtocolError } from "../../src/errors.ts";
import { Inflater } from "../../src/protocol/inflater.ts";
import type { SlidingWindow } from "../../src/protocol/sliding-window.ts";

/** The octets that a frame of permessage-deflate goes without (RFC 7692 §7.2.1). */
export const tail: Buffer = Buffer.of(0x00, 0x00, 0xff, 0xff);

/** Writes bits as DEFLATE has them: the first one lowest, Huffman codes with their first bit first. */
export class Bits {
  readonly #bits: number[] = [];

  /** A number, its lowest bit first. */
  number(value: number, size: number): this {
    for (let bit = 0; bit < size; bit++) this.#bits.push((value >> bit) & 1);
    return this;
  }

  /** Bits in the order in which they are written here. */
  code(bits: string): this {
    for (const bit of bits) this.#bits.push(Number(bit));
    return this;
  }

  /** Goes on to the next octet, with zeros. */
  align(): this {
    while (this.#bits.length % 8 !== 0) this.#bits.push(0);
    return this;
  }

  /** What a frame carries: an empty stored block ends it, without its last four octets. */
  message(): Buffer {
    return this.number(0, 3).octets();
  }

  /** The octets as they are, filled up with zeros. */
  octets(): Buffer {
    this.align();
    const octets = Buffer.alloc(this.#bits.length / 8);
    for (const [at, bit] of this.#bits.entries()) octets[at >> 3]! |= bit << (at & 7);
    return octets;
  }
}

/** What {@link Inflater} makes of a payload, `budget` bytes at a time. */
export function inflated(
  payload: Buffer,
  options: {
    maxSize?: number;
    reach?: number;
    window?: SlidingWindow;
    budget?: number;
    inflater?: Inflater;
  } = {},
): Buffer | ProtocolError {
  const { maxSize = 2 ** 24, reach = 32_768, window, budget = 2 ** 30 } = options;
  const inflater = options.inflater ?? new Inflater();
  inflater.begin(payload, maxSize, reach, window);
  const most = 10 * (payload.length + maxSize) + 10;
  for (let steps = 0; inflater.outcome === undefined; steps++) {
    if (steps > most) throw new Error("it does not end");
    inflater.step(budget);
  }
  return inflater.outcome as Buffer | ProtocolError;
}

/** What zlib makes of a payload; `dictionary` is what was sent before. */
export function zlibInflated(payload: Uint8Array, dictionary?: Uint8Array): Buffer {
  return inflateRawSync(Buffer.concat([payload, tail]), {
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(dictionary !== undefined && dictionary.length > 0 ? { dictionary } : {}),
  });
}

/** The payload that zlib makes of a message. */
export function zlibDeflated(
  message: Uint8Array,
  options: Parameters<typeof deflateRawSync>[1] = {},
): Buffer {
  const whole = deflateRawSync(message, { ...options, finishFlush: constants.Z_SYNC_FLUSH });
  return whole.subarray(0, -tail.length);
}

const word = fc.constantFrom(
  "id",
  "name",
  '{"',
  '":',
  "message",
  "true",
  "2024-05-17",
  "äöü",
  "\n",
);

/** Messages of all kinds: nothing, noise, one byte over and over, words, and these in a row. */
export const messages: fc.Arbitrary<Buffer> = (() => {
  const noise = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));
  const run = fc
    .tuple(fc.nat(255), fc.nat(5000))
    .map(([octet, length]) => Buffer.alloc(length, octet));
  const words = fc.array(word, { maxLength: 400 }).map((list) => Buffer.from(list.join("")));
  const one = fc.oneof(noise, run, words);
  return fc.oneof(
    one,
    fc.array(one, { maxLength: 5 }).map((list) => Buffer.concat(list)),
    fc.tuple(words, fc.nat(40)).map(([part, times]) => Buffer.concat(Array(times).fill(part))),
  );
})();
