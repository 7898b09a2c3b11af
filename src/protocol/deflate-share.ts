import { type CompressionOptions, checkedCompression } from "./compression-options.ts";
import { Deflater } from "./deflater.ts";
import { Inflater } from "./inflater.ts";

/**
 * What all connections that compress have in common: the options, the memory for contexts, the work
 * that one turn may do, and what is needed for one message at a time only. One for each server.
 */
export class DeflateShare {
  readonly options: Required<CompressionOptions>;
  /** How much more may be inflated before the next {@link refill}, in bytes; below 0 it was overdrawn. */
  work: number;
  /** Compresses without context. */
  readonly deflater: Deflater = new Deflater();
  #idle: Inflater | undefined;
  #reserved = 0;

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

  /** Takes `size` bytes, room or not: what a server demands of a client cannot be declined. */
  oblige(size: number): void {
    this.#reserved += size;
  }

  /** Gives `size` bytes back. */
  release(size: number): void {
    this.#reserved -= size;
  }

  /** Whether nothing was inflated since the last {@link refill}. */
  get isFresh(): boolean {
    return this.work === this.options.workPerTurn;
  }

  /** Allows the work of another turn: to be called once in each turn in which messages wait to be decoded. */
  refill(): void {
    this.work = this.options.workPerTurn;
  }

  /**
   * Compresses a message without context, for any connection whose agreement allows `windowBits` or
   * more. The result is what a frame with RSV1 carries (RFC 7692 §7.2.1), and the caller's to keep;
   * of a message in parts, what the fragment carries that is not the `last` one.
   */
  compress(payload: Uint8Array, windowBits: number, last = true): Uint8Array {
    return this.deflater.compress(payload, windowBits, last);
  }

  /** An inflater for one message. Most messages are done with it at once, so that one is enough. */
  takeInflater(): Inflater {
    const inflater = this.#idle ?? new Inflater();
    this.#idle = undefined;
    return inflater;
  }

  /** Gives an inflater back, done or not. */
  returnInflater(inflater: Inflater): void {
    inflater.abandon();
    this.#idle = inflater;
  }
}
