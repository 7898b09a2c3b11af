import type { SendOptions, SlowPolicy } from "../internal/send-options.ts";
import type { Protocol } from "../protocol/protocol.ts";
import type { Engine } from "./engine.ts";
import { Outbox } from "./outbox.ts";
import type { SlabOwner } from "./slab.ts";
import type { Transport } from "./transport.ts";
import type { Branch, TurnMember } from "./turn.ts";

/** What is collected before it is written, even if more may follow in this turn. */
const enough = 64 * 1024;

/** The one whose messages a {@link Writer} writes. */
export interface WriterOwner {
  /** What happens when the outbox is full. */
  readonly slow: SlowPolicy;
  /** A message of `size` bytes was dropped. */
  dropped(size: number): void;
}

/**
 * One connection's way out.
 *
 * As long as the transport takes everything, a direct answer is framed into the slab and leaves when
 * the handler is idle again; all else goes through the turn, where equal messages are framed once
 * for all connections. Once the transport is full, whole messages wait in an outbox.
 */
export class Writer implements SlabOwner, TurnMember {
  readonly #transport: Transport;
  readonly #protocol: Protocol;
  readonly #engine: Engine;
  readonly #outboxSize: number;
  readonly #owner: WriterOwner;

  /** Set while `onData` runs: then it writes the answers, not the end of the turn. */
  corked = false;
  /** What waits for the end of the turn. */
  #branch: Branch | undefined;
  #enlisted = false;
  /** Whether the transport keeps something that was written. */
  #full = false;
  #outbox: Outbox | undefined;
  /** The latest ping that came while the transport was full. */
  #pongDue: Uint8Array | undefined;
  /** A close frame that waits behind the outbox. */
  #closeDue: { readonly code: number | undefined; readonly reason: string } | undefined;
  #drained: (() => void)[] | undefined;

  constructor(
    transport: Transport,
    protocol: Protocol,
    engine: Engine,
    outboxSize: number,
    owner: WriterOwner,
  ) {
    this.#transport = transport;
    this.#protocol = protocol;
    this.#engine = engine;
    this.#outboxSize = outboxSize;
    this.#owner = owner;
  }

  /** Bytes that were sent but that the operating system has not taken. */
  get size(): number {
    const { slab } = this.#engine;
    const framed = (slab.owner === this ? slab.size : 0) + (this.#branch?.size ?? 0);
    return this.#transport.bufferedAmount + framed + (this.#outbox?.size ?? 0);
  }

  /** Bytes of whole messages that wait for the transport to have room. */
  get waiting(): number {
    return this.#outbox?.size ?? 0;
  }

  /**
   * Sends one message. `answer` says that it answers what is being handled right now.
   * @returns false if the outbox is full and the slow policy wants the connection closed.
   */
  send(data: string | Uint8Array, options: SendOptions | undefined, answer: boolean): boolean {
    if (this.#full) return this.#wait(data, options);
    // A client masks each frame with a key of its own: it has nothing to share.
    if (answer || this.#protocol.role === "client") {
      this.#takeBranch();
      this.#frame(data);
      if (!this.corked) this.enlist();
      return true;
    }
    this.#branch = this.#engine.turn.after(this.#branch, data);
    this.enlist();
    if (this.#branch.size > enough) this.flush();
    return true;
  }

  /** Answers a ping; while the transport is full only the latest one (RFC 6455 §5.5.3). */
  pong(payload: Uint8Array): void {
    if (this.#full) {
      this.#pongDue = Buffer.from(payload);
      return;
    }
    this.#slab(this.#protocol.pong(payload));
    if (!this.corked) this.enlist();
  }

  /** Writes a close frame, the last one, behind everything that was sent before. */
  close(code: number | undefined, reason: string): void {
    this.flush();
    this.#closeDue = { code, reason };
    if (this.#outbox === undefined || this.#outbox.length === 0) this.#writeClose();
  }

  /** Drops what waits in the outbox; a close frame behind it goes out at once. */
  dropWaiting(): void {
    this.flush();
    this.#outbox?.clear();
    this.#pongDue = undefined;
    this.#writeClose();
  }

  /** Makes sure that what was sent leaves at the end of this turn. */
  enlist(): void {
    if (this.#enlisted) return;
    this.#enlisted = true;
    this.#engine.turn.enlist(this);
  }

  /** Writes what was sent so far, in order. */
  flush(): void {
    this.#enlisted = false;
    const { slab } = this.#engine;
    if (slab.owner === this) slab.flush();
    const branch = this.#branch;
    if (branch !== undefined) {
      this.#branch = undefined;
      this.write(branch.joined);
    }
  }

  /** Writes bytes at once, past everything that waits. */
  write(bytes: Uint8Array): boolean {
    const taken = this.#transport.write(bytes);
    if (!taken) this.#full = true;
    return taken;
  }

  /** Resolves when nothing waits any more, or when {@link release} is called. */
  drained(): Promise<void> {
    this.flush();
    if (!this.#full) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained ??= [];
      this.#drained.push(resolve);
    });
  }

  /** The transport has room again: frames what waits, until it is full once more. */
  onDrain(): void {
    this.#full = false;
    // What was sent before the transport was full may still wait for the end of the turn.
    this.flush();
    if (this.#pongDue !== undefined) this.#slab(this.#protocol.pong(this.#pongDue));
    this.#pongDue = undefined;
    while (!this.#full) {
      const next = this.#outbox?.take();
      if (next === undefined) break;
      this.#frame(next.data);
    }
    if (this.#engine.slab.owner === this) this.#engine.slab.flush();
    if (this.#full) return;
    this.#outbox = undefined;
    this.#writeClose();
    this.#settle();
  }

  /** The transport is gone: lets go of everything. */
  release(): void {
    const { slab } = this.#engine;
    if (slab.owner === this) slab.flush();
    this.#branch = undefined;
    this.#closeDue = undefined;
    this.#outbox?.clear();
    this.#outbox = undefined;
    this.#settle();
  }

  /** An answer takes what waits for the end of the turn with it, which keeps the order. */
  #takeBranch(): void {
    const branch = this.#branch;
    if (branch === undefined) return;
    this.#branch = undefined;
    this.#slab(branch.joined);
  }

  #frame(data: string | Uint8Array): void {
    if (typeof data === "string") {
      const framed = this.#engine.slab.text(this, data, this.#protocol.role);
      if (!framed) this.#writeLarge(this.#protocol.text(data));
    } else if (!this.#engine.slab.binary(this, data, this.#protocol.role)) {
      this.#writeLarge(this.#protocol.bytes(data));
    }
  }

  #slab(frames: Buffer): void {
    if (!this.#engine.slab.frames(this, frames)) this.#writeLarge(frames);
  }

  /** Writes frames that are too large for the slab, behind what is in it. */
  #writeLarge(frames: Buffer): void {
    const { slab } = this.#engine;
    if (slab.owner === this) slab.flush();
    this.write(frames);
  }

  #writeClose(): void {
    const due = this.#closeDue;
    this.#closeDue = undefined;
    if (due !== undefined) this.write(this.#protocol.close(due.code, due.reason));
  }

  #wait(data: string | Uint8Array, options: SendOptions | undefined): boolean {
    this.#outbox ??= new Outbox(this.#outboxSize, this.#owner.slow, (size) =>
      this.#owner.dropped(size),
    );
    return this.#outbox.offer(data, options) === "kept";
  }

  #settle(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    if (drained !== undefined) for (const resolve of drained) resolve();
  }
}
