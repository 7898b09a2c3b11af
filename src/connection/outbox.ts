import type { SendOptions, SlowPolicy } from "../internal/send-options.ts";
import type { Backlog, Waiting } from "./backlog.ts";

/** What became of a message: kept, or the reason why the connection has to be closed. */
export type Offered = "kept" | "full";

/**
 * The messages that wait while the transport takes nothing. Whole messages, so that the slow policy
 * can act on them; unframed, so that they are encoded only if they are ever sent.
 *
 * It is full at its own limit, or earlier: when it holds as much as the backlog of all outboxes has
 * left. An empty outbox accepts any one message that the backlog has room for.
 */
export class Outbox {
  readonly #limit: number;
  readonly #policy: SlowPolicy;
  readonly #backlog: Backlog;
  readonly #dropped: (size: number) => void;
  #waiting: Waiting[] = [];
  /** Where the queue begins in the array: taking the first costs no shift. */
  #head = 0;
  #size = 0;

  constructor(
    limit: number,
    policy: SlowPolicy,
    backlog: Backlog,
    dropped: (size: number) => void,
  ) {
    this.#limit = limit;
    this.#policy = policy;
    this.#backlog = backlog;
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
    const waiting = this.#backlog.hold(data, options);
    if (this.#exceeds(waiting)) {
      if (options?.droppable === true || this.#policy === "drop-newest") return this.#drop(waiting);
      if (this.#policy === "close") {
        this.#backlog.release(waiting);
        return "full";
      }
      if (this.#policy === "latest" && waiting.key !== undefined) this.#replace(waiting.key);
      while (this.length > 0 && this.#exceeds(waiting)) this.#drop(this.take()!);
      if (this.#exceeds(waiting)) return this.#drop(waiting);
    }
    this.#waiting.push(waiting);
    this.#size += waiting.size;
    return "kept";
  }

  /** Takes the message that waits longest. Whoever takes it releases it from the backlog. */
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
    for (let first = this.take(); first !== undefined; first = this.take()) this.#drop(first);
  }

  /** Whether there is no room for a message, which the backlog holds by now. */
  #exceeds({ size, holders }: Waiting): boolean {
    const { free, held } = this.#backlog;
    const own = this.#size + size;
    if (this.length > 0) return own > this.#limit || own > free;
    return holders === 1 && size > free && held > size;
  }

  #replace(key: string): void {
    const index = this.#waiting.findIndex((waiting) => waiting?.key === key);
    if (index === -1) return;
    const [replaced] = this.#waiting.splice(index, 1);
    this.#size -= replaced!.size;
    this.#drop(replaced!);
  }

  #drop(waiting: Waiting): "kept" {
    this.#dropped(waiting.size);
    this.#backlog.release(waiting);
    return "kept";
  }
}
