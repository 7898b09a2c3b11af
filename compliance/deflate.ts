import { type ZlibOptions, constants, deflateRawSync, inflateRawSync } from "node:zlib";
import type { Bounds } from "./compression.ts";
import { Violation } from "./frame.ts";
import { farthestReference } from "./references.ts";

/** What a compressed message ends with, and what is not sent of it (RFC 7692 §7.2.1). */
const tail = Buffer.of(0, 0, 0xff, 0xff);

/** The text that went before, as far as it can still be referred to. */
class Window {
  octets: Buffer = Buffer.alloc(0);
  readonly #size: number;

  constructor({ noContextTakeover, windowBits }: Bounds) {
    this.#size = noContextTakeover ? 0 : 2 ** windowBits;
  }

  slide(message: Buffer): void {
    const missing = this.#size - message.length;
    this.octets =
      missing > 0
        ? Buffer.concat([this.octets.subarray(-missing), message])
        : message.subarray(message.length - this.#size);
  }

  /** For zlib, which takes no empty one. */
  get dictionary(): { dictionary?: Buffer } {
    return this.octets.length > 0 ? { dictionary: this.octets } : {};
  }
}

/**
 * The ways in which one message after the other is compressed, so that blocks of every kind go out:
 * mostly what zlib thinks best, but also with the fixed code, not compressed at all, and without or
 * with only short references (RFC 1951 §3.2.3).
 */
const ways: readonly ZlibOptions[] = [
  {},
  { level: 1 },
  { strategy: constants.Z_FIXED },
  {},
  { level: 0 },
  { level: 9, memLevel: 1 },
  { strategy: constants.Z_HUFFMAN_ONLY },
  { strategy: constants.Z_RLE },
];

/** Compresses what the tester sends, within its bounds. */
export class Deflater {
  readonly #bounds: Bounds;
  readonly #window: Window;
  #count = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.#window = new Window(bounds);
  }

  /** The payload of a message, or nothing where zlib cannot keep to the window: it goes out as it is. */
  deflate(message: Buffer): Buffer | undefined {
    if (this.#bounds.windowBits === 8) return undefined;
    const deflated = deflateRawSync(message, {
      windowBits: this.#bounds.windowBits,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...ways[this.#count++ % ways.length],
      ...this.#window.dictionary,
    });
    this.#window.slide(message);
    return deflated.subarray(0, -tail.length);
  }
}

/** How many messages of a connection have all their references measured. */
const measured = 64;

/** Decompresses what the peer sends, and notices when it leaves its bounds. */
export class Inflater {
  readonly #bounds: Bounds;
  readonly #window: Window;
  #count = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.#window = new Window(bounds);
  }

  /**
   * The message that a payload stands for.
   *
   * @param limit how long it may be
   * @throws Violation when it is longer, no DEFLATE, or refers to what it must not refer to
   */
  inflate(payload: Buffer, limit: number): Buffer {
    const deflated = Buffer.concat([payload, tail]);
    // zlib bounds a window only where a buffer of its own happens to end.
    if (this.#bounds.windowBits < 15 && this.#count++ < measured) this.#measure(deflated);
    try {
      const message = inflateRawSync(deflated, {
        windowBits: this.#bounds.windowBits,
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: limit,
        ...this.#window.dictionary,
      });
      this.#window.slide(message);
      return message;
    } catch (error) {
      // Beyond the start of a message that stands alone, zlib finds this as well.
      throw new Violation(`compressed message: ${(error as Error).message}`);
    }
  }

  #measure(deflated: Buffer): void {
    const { windowBits } = this.#bounds;
    const distance = farthestReference(deflated);
    if (distance > 2 ** windowBits) {
      throw new Violation(`refers ${distance} octets back, with ${windowBits} window bits`);
    }
  }
}
