import type { Transport, TransportSink } from "../../src/connection/transport.ts";

/** A chunk that is ours until `onDrain`, with what it held when it was handed over. */
interface Kept {
  readonly chunk: Uint8Array;
  readonly before: Buffer;
  taken: number;
}

/**
 * A transport in memory that takes as many bytes as the test lets it take.
 *
 * It holds its owner to the contract: a chunk that it took may be used again at once, so it copies
 * that one; a chunk that it keeps may not, so it reads that one later and notices every change.
 */
export class MemoryTransport implements Transport {
  /** What was handed over, call by call. */
  readonly writes: Buffer[] = [];
  paused = false;
  ended = false;
  destroyed = false;
  #sink: TransportSink | undefined;
  #room = Infinity;
  #kept: Kept[] = [];
  readonly #wire: Buffer[] = [];

  open(sink: TransportSink): void {
    this.#sink = sink;
  }

  write(chunk: Uint8Array): boolean {
    // As a socket does: what comes after the end is gone.
    if (this.ended || this.destroyed) return true;
    this.writes.push(Buffer.from(chunk));
    if (this.#kept.length === 0 && chunk.length <= this.#room) {
      this.#pass(chunk);
      return true;
    }
    this.#kept.push({ chunk, before: Buffer.from(chunk), taken: 0 });
    this.#fill();
    return false;
  }

  get bufferedAmount(): number {
    let amount = 0;
    for (const { chunk, taken } of this.#kept) amount += chunk.length - taken;
    return amount;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
    this.#kept = [];
  }

  // The test's side.

  /** The one who is told of what happens here. */
  get sink(): TransportSink {
    if (this.#sink === undefined) throw new Error("nobody has opened the transport");
    return this.#sink;
  }

  /** Everything that got through. */
  get wire(): Buffer {
    return Buffer.concat(this.#wire);
  }

  /** Takes nothing more. */
  shut(): void {
    this.#room = 0;
  }

  /** Takes what it keeps and `count` bytes in all, then nothing; everything if no count is given. */
  take(count: number = Infinity): void {
    this.#room = count;
    const wasFull = this.#kept.length > 0;
    this.#fill();
    if (wasFull && this.#kept.length === 0) this.sink.onDrain();
  }

  #fill(): void {
    for (const kept of this.#kept) {
      if (!kept.before.equals(kept.chunk)) throw new Error("a chunk was changed while it was kept");
      const count = Math.min(this.#room, kept.chunk.length - kept.taken);
      this.#pass(kept.chunk.subarray(kept.taken, kept.taken + count));
      kept.taken += count;
    }
    this.#kept = this.#kept.filter(({ chunk, taken }) => taken < chunk.length);
  }

  #pass(bytes: Uint8Array): void {
    this.#room -= bytes.length;
    this.#wire.push(Buffer.from(bytes));
  }
}
