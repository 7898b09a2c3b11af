import type { ConnectionLimits } from "../internal/limits.ts";
import type { SendOptions, SlowPolicy } from "../internal/send-options.ts";
import type { Backlog, Waiting } from "./backlog.ts";
import type { LongMessage } from "./long-message.ts";
import { Outbox } from "./outbox.ts";

/** The one whose messages wait in a {@link Congestion}. */
export interface CongestionOwner {
  readonly limits: Pick<Required<ConnectionLimits>, "outboxSize">;
  /** What happens when the outbox is full. */
  readonly slow: SlowPolicy;
  /** A message of `size` bytes was dropped. */
  dropped(size: number): void;
}

/** What waits on one connection's way out: because the transport is full, or a long message leaves. */
export class Congestion {
  readonly #owner: CongestionOwner;
  readonly #backlog: Backlog;
  #outbox: Outbox | undefined;
  /** The message as it waited: it counts until it has left. */
  #leaving: Waiting | undefined;
  #long: LongMessage | undefined;
  /** How many pieces of it have left. */
  #pieces = 0;
  #relieved: (() => void)[] = [];

  /** Whether the transport keeps something that was written. */
  full = false;
  /** The latest ping that came while the transport was full. */
  pongDue: Uint8Array | undefined;
  /** A close frame that waits behind the outbox. */
  closeDue: { readonly code: number | undefined; readonly reason: string } | undefined;

  constructor(owner: CongestionOwner, backlog: Backlog) {
    this.#owner = owner;
    this.#backlog = backlog;
  }

  /** Bytes of messages that wait. */
  get size(): number {
    return (this.#long?.sizeFrom(this.#pieces) ?? 0) + (this.#outbox?.size ?? 0);
  }

  /** Whether no message waits. */
  get empty(): boolean {
    return this.#long === undefined && (this.#outbox?.length ?? 0) === 0;
  }

  /** The message that leaves in pieces. */
  get long(): LongMessage | undefined {
    return this.#long;
  }

  /** Has a message wait; false if the outbox is full and the slow policy wants the connection closed. */
  add(data: string | Uint8Array, options: SendOptions | undefined): boolean {
    const owner = this.#owner;
    const { outboxSize } = owner.limits;
    this.#outbox ??= new Outbox(outboxSize, owner.slow, this.#backlog, (size) =>
      owner.dropped(size),
    );
    return this.#outbox.offer(data, options) === "kept";
  }

  /** Takes the message that waits longest. Whoever takes it releases it from the backlog. */
  take(): Waiting | undefined {
    return this.#outbox?.take();
  }

  /** From here on a message that was taken leaves in pieces. */
  begin(long: LongMessage, taken: Waiting): void {
    this.#long = long;
    this.#leaving = taken;
    this.#pieces = 0;
  }

  /** The next piece of the message that leaves; undefined, and it has left, after the last one. */
  piece(): Buffer | undefined {
    const piece = this.#long?.piece(this.#pieces);
    if (piece === undefined) this.#end();
    else this.#pieces += 1;
    return piece;
  }

  /** Drops the message that leaves, wherever it is. */
  cut(): void {
    if (this.#long === undefined) return;
    const { size } = this.#long;
    this.#end();
    this.#owner.dropped(size);
  }

  /** Drops what waits in the outbox. */
  clear(): void {
    this.#outbox?.clear();
  }

  /** Resolves when it is {@link over}. */
  relief(): Promise<void> {
    return new Promise((resolve) => this.#relieved.push(resolve));
  }

  /** Nothing waits any more, or nobody waits for it. */
  over(): void {
    for (const resolve of this.#relieved) resolve();
  }

  #end(): void {
    this.#long = undefined;
    if (this.#leaving !== undefined) this.#backlog.release(this.#leaving);
    this.#leaving = undefined;
  }
}
