import { constants, deflateRawSync } from "node:zlib";
import { checkedCompression, type CompressionOptions } from "./compression-options.ts";

/**
 * What all connections that compress have in common: the options, the memory for contexts, the work
 * that one turn may do, and a compressor without context. One for each server.
 */
export class DeflateShare {
  readonly options: Required<CompressionOptions>;
  #reserved = 0;
  /** How many more bytes may be inflated before the next {@link refill}; below 0 it was overdrawn. */
  work: number;

  /** @throws UsageError `ERR_INVALID_OPTION` */
  constructor(options: CompressionOptions = {}) {
    this.options = checkedCompression(options);
    this.work = this.options.workPerTurn;
  }

  /** Bytes that contexts hold now, or may come to hold. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Takes `size` bytes for a context; false, and nothing taken, if there is no room for them. */
  reserve(size: number): boolean {
    if (this.#reserved + size > this.options.memory) return false;
    this.#reserved += size;
    return true;
  }

  /** Gives `size` bytes back. */
  release(size: number): void {
    this.#reserved -= size;
  }

  /** Whether nothing was inflated since the last {@link refill}. */
  get isFresh(): boolean {
    return this.work === this.options.workPerTurn;
  }

  /** Allows the work of another turn: call it once in each turn in which something is left to decode. */
  refill(): void {
    this.work = this.options.workPerTurn;
  }

  /**
   * Compresses a message without context, for any connection whose agreement allows `windowBits` or
   * more. The result is what a frame with RSV1 carries (RFC 7692 §7.2.1), and the caller's to keep.
   */
  compress(payload: Uint8Array, windowBits: number): Uint8Array {
    const bytes = deflateRawSync(payload, {
      level: windowBits < 9 ? 0 : 1,
      windowBits: Math.max(9, windowBits),
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    return bytes.subarray(0, -4);
  }
}
