import type { SendOptions, SlowPolicy } from "../internal/send-options.ts";

/** A whole message that waits, unframed. */
export interface Waiting {
  readonly data: string | Uint8Array;
  readonly size: number;
  readonly key: string | undefined;
  /** As in {@link SendOptions}. */
  readonly compress: boolean | undefined;
}

/** What became of a message: kept, or the reason why the connection has to be closed. */
export type Offered = "kept" | "full";

/**
 * The messages that wait while the transport takes nothing. Whole messages, so that the slow policy
 * can act on them; unframed, so that they are encoded only if they are ever sent.
 *
 * An empty outbox accepts any one message: the bound counts what already waits.
 */
export class Outbox {
  readonly #limit: number;
  readonly #policy: SlowPolicy;
  readonly #dropped: (size: number) => void;
  #waiting: Waiting[] = [];
  /** Where the queue begins in the array: taking the first costs no shift. */
  #head = 0;
  #size = 0;

  constructor(limit: number, policy: SlowPolicy, dropped: (size: number) => void) {
    this.#limit = limit;
    this.#policy = policy;
    this.#dropped = dropped;
  }

  /** Bytes that wait. */
  get size(): number {
    return this.#size;
  }

  /** Messages that wait. */
  get length(): number {
    return this.#waiting.length - this.#head;
  }

  /** Adds a message, or does what the policy says; "full" asks for the connection to be closed. */
  offer(data: string | Uint8Array, options: SendOptions | undefined): Offered {
    const size = typeof data === "string" ? Buffer.byteLength(data) : data.byteLength;
    const key = options?.key;
    if (this.#exceeds(size)) {
      if (options?.droppable === true || this.#policy === "drop-newest") {
        this.#dropped(size);
        return "kept";
      }
      if (this.#policy === "close") return "full";
      if (this.#policy === "latest" && key !== undefined) this.#replace(key);
      while (this.#exceeds(size)) this.#dropped(this.take()!.size);
    }
    this.#waiting.push({ data, size, key, compress: options?.compress });
    this.#size += size;
    return "kept";
  }

  /** Takes the message that waits longest. */
  take(): Waiting | undefined {
    const first = this.#waiting[this.#head];
    if (first === undefined) return undefined;
    this.#size -= first.size;
    if (++this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head > this.#waiting.length / 2) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    } else {
      // Let go of the message, however long the array stays.
      (this.#waiting as (Waiting | undefined)[])[this.#head - 1] = undefined;
    }
    return first;
  }

  /** Drops everything. */
  clear(): void {
    for (let first = this.take(); first !== undefined; first = this.take()) {
      this.#dropped(first.size);
    }
  }

  #exceeds(size: number): boolean {
    return this.length > 0 && this.#size + size > this.#limit;
  }

  #replace(key: string): void {
    const index = this.#waiting.findIndex((waiting) => waiting?.key === key);
    if (index === -1) return;
    const [replaced] = this.#waiting.splice(index, 1);
    this.#size -= replaced!.size;
    this.#dropped(replaced!.size);
  }
}
