import { SharedBytes } from "../internal/shared-bytes.ts";
import type { SendOptions } from "../internal/send-options.ts";

/** A whole message that waits, unframed, in one outbox or in many. */
export interface Waiting {
  readonly data: string | Uint8Array;
  readonly size: number;
  readonly key: string | undefined;
  /** As in {@link SendOptions}. */
  readonly compress: boolean | undefined;
  /** In how many outboxes it waits. */
  holders: number;
}

/**
 * What waits in all outboxes of a server together. A message that a group of slow members waits for
 * is held once, and counts once.
 */
export class Backlog {
  readonly #bytes: SharedBytes;
  #latest: Waiting | undefined;

  constructor(limit: number) {
    this.#bytes = new SharedBytes(limit);
  }

  /** Bytes that wait. */
  get held(): number {
    return this.#bytes.held;
  }

  /** Bytes for which there is room, which is what may wait for one connection at most. */
  get free(): number {
    return this.#bytes.free;
  }

  /** Holds a message; give it back with {@link release}. */
  hold(data: string | Uint8Array, options: SendOptions | undefined): Waiting {
    const latest = this.#latest;
    const { key, compress } = options ?? {};
    if (latest?.data === data && latest.key === key && latest.compress === compress) {
      latest.holders++;
      return latest;
    }
    const size = typeof data === "string" ? Buffer.byteLength(data) : data.byteLength;
    this.#bytes.hold(size);
    this.#latest = { data, size, key, compress, holders: 1 };
    return this.#latest;
  }

  /** One outbox less holds it. */
  release(waiting: Waiting): void {
    if (--waiting.holders > 0) return;
    this.#bytes.release(waiting.size);
    if (this.#latest === waiting) this.#latest = undefined;
  }
}
