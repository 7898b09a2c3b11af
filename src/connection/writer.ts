import type { SendOptions } from "../internal/send-options.ts";
import type { PermessageDeflate } from "../protocol/permessage-deflate.ts";
import type { Protocol } from "../protocol/protocol.ts";
import { Congestion, type CongestionOwner } from "./congestion.ts";
import type { Engine } from "./engine.ts";
import { CompressedMessage, CutMessage, type LongMessage, longestWhole } from "./long-message.ts";
import type { SlabOwner } from "./slab.ts";
import type { Transport } from "./transport.ts";
import { type Branch, plain, type TurnMember, type WireFormat } from "./turn.ts";

/** What is collected before it is written, even if more may follow in this turn. */
const enough = 64 * 1024;

/** The one whose messages a {@link Writer} writes. */
export interface WriterOwner extends CongestionOwner {
  /** Nothing waits any more. */
  emptied(): void;
}

/**
 * One connection's way out.
 *
 * As long as the transport takes everything, a direct answer is framed into the slab and leaves when
 * the handler is idle again; all else goes through the turn, where equal messages are framed once
 * for all connections. Once the transport is full there is a {@link Congestion}, in which whole
 * messages wait, and so there is while a long one leaves in pieces.
 */
export class Writer implements SlabOwner, TurnMember {
  readonly #transport: Transport;
  readonly #protocol: Protocol;
  readonly #engine: Engine;
  readonly #owner: WriterOwner;
  readonly #deflate: PermessageDeflate | undefined;

  /** Set while `onData` runs: then it writes the answers, not the end of the turn. */
  corked = false;
  /** What waits for the end of the turn. */
  #branch: Branch | undefined;
  #enlisted = false;
  /** While the transport is full, or a long message leaves. */
  #congestion: Congestion | undefined;

  constructor(
    transport: Transport,
    protocol: Protocol,
    engine: Engine,
    owner: WriterOwner,
    deflate?: PermessageDeflate,
  ) {
    this.#transport = transport;
    this.#protocol = protocol;
    this.#engine = engine;
    this.#owner = owner;
    this.#deflate = deflate;
  }

  /** Bytes that were sent but that the operating system has not taken. */
  get size(): number {
    const { slab } = this.#engine;
    const framed = (slab.owner === this ? slab.size : 0) + (this.#branch?.size ?? 0);
    return this.#transport.bufferedAmount + framed + this.waiting;
  }

  /** Bytes of messages that wait for the transport to have room. */
  get waiting(): number {
    return this.#congestion?.size ?? 0;
  }

  /**
   * Sends one message. `answer` says that it answers what is being handled right now.
   * @returns false if the outbox is full and the slow policy wants the connection closed.
   */
  send(data: string | Uint8Array, options: SendOptions | undefined, answer: boolean): boolean {
    if (this.#congestion !== undefined) return this.#congestion.add(data, options);
    if (data.length > longestWhole) return this.#sendLong(data, options);
    const format = this.#formatOf(data, options?.compress);
    // A client masks each frame with a key of its own: it has nothing to share.
    if (answer || this.#protocol.role === "client") {
      this.#takeBranch();
      this.#frame(data, format);
      if (!this.corked) this.enlist();
      return true;
    }
    this.#branch = this.#engine.turn.after(this.#branch, data, format);
    this.enlist();
    if (this.#branch.size > enough) this.flush();
    return true;
  }

  /** Writes a ping past everything that waits; but whoever is sent a long frame has enough to answer. */
  ping(): void {
    if (!this.#insideFrame()) this.write(this.#protocol.ping(Buffer.alloc(0)));
  }

  /** Answers a ping; while the transport is full only the latest one (RFC 6455 §5.5.3). */
  pong(payload: Uint8Array): void {
    if (this.#congestion?.full === true) {
      this.#congestion.pongDue = Buffer.from(payload);
      return;
    }
    this.#slab(this.#protocol.pong(payload));
    if (!this.corked) this.enlist();
  }

  /** Writes a close frame, the last one, behind everything that was sent before. */
  close(code: number | undefined, reason: string): void {
    this.flush();
    const congestion = this.#congestion;
    if (congestion === undefined || congestion.empty)
      this.write(this.#protocol.close(code, reason));
    else congestion.closeDue = { code, reason };
  }

  /** Drops what waits in the outbox; a close frame behind it goes out at once. */
  dropWaiting(): void {
    this.#writeFramed();
    const congestion = this.#congestion;
    if (congestion === undefined) return;
    this.#cutShort(congestion);
    congestion.clear();
    congestion.pongDue = undefined;
    this.#writeClose(congestion);
    if (!congestion.full) this.#relieve(congestion);
  }

  /** Makes sure that what was sent leaves at the end of this turn. */
  enlist(): void {
    if (this.#enlisted) return;
    this.#enlisted = true;
    this.#engine.turn.enlist(this);
  }

  /** Writes what was sent so far, in order; of a long message, its share of this turn. */
  flush(): void {
    this.#enlisted = false;
    this.#writeFramed();
    if (this.#congestion?.long !== undefined) this.#proceed(this.#congestion);
  }

  /** Writes bytes at once, past everything that waits. */
  write(bytes: Uint8Array): boolean {
    const taken = this.#transport.write(bytes);
    if (!taken) this.#congest().full = true;
    return taken;
  }

  /** Resolves when nothing waits any more, or when {@link release} is called. */
  drained(): Promise<void> {
    this.flush();
    return this.#congestion?.relief() ?? Promise.resolve();
  }

  /** The transport has room again. */
  onDrain(): void {
    if (this.#congestion !== undefined) this.#congestion.full = false;
    // What was sent before the transport was full may still wait for the end of the turn.
    this.#writeFramed();
    if (this.#congestion !== undefined) this.#proceed(this.#congestion);
  }

  /** The transport is gone: lets go of everything. */
  release(): void {
    const { slab } = this.#engine;
    if (slab.owner === this) slab.flush();
    this.#branch = undefined;
    const congestion = this.#congestion;
    if (congestion === undefined) return;
    congestion.cut();
    congestion.clear();
    this.#relieve(congestion);
  }

  /** Whether the frame that the transport was given last is not complete. */
  #insideFrame(): boolean {
    return this.#congestion?.long?.fragmented === false;
  }

  /** How a message goes on the wire: in the format that was negotiated, if it is worth it. */
  #formatOf(data: string | Uint8Array, compress: boolean | undefined): WireFormat {
    if (this.#deflate === undefined || compress === false) return plain;
    const { threshold } = this.#engine.deflate!.options;
    if (data.length >= threshold) return this.#deflate.windowBits;
    const large = typeof data === "string" && data.length * 3 >= threshold;
    return large && Buffer.byteLength(data) >= threshold ? this.#deflate.windowBits : plain;
  }

  /** Writes the answers that are framed, and what waits for the end of the turn. */
  #writeFramed(): void {
    const { slab } = this.#engine;
    if (slab.owner === this) slab.flush();
    const branch = this.#branch;
    if (branch === undefined) return;
    this.#branch = undefined;
    if (branch.compressed) this.#deflate!.forget();
    this.write(branch.joined);
  }

  /** An answer takes what waits for the end of the turn with it, which keeps the order. */
  #takeBranch(): void {
    const branch = this.#branch;
    if (branch === undefined) return;
    this.#branch = undefined;
    if (branch.compressed) this.#deflate!.forget();
    this.#slab(branch.joined);
  }

  #frame(data: string | Uint8Array, format: WireFormat): void {
    const protocol = this.#protocol;
    const { slab } = this.#engine;
    const encode = format !== plain;
    if (typeof data === "string") {
      if (encode || !slab.text(this, data, protocol.role)) this.#slab(protocol.text(data, encode));
    } else if (encode || !slab.binary(this, data, protocol.role)) {
      this.#slab(protocol.bytes(data, encode));
    }
  }

  #sendLong(data: string | Uint8Array, options: SendOptions | undefined): boolean {
    this.#writeFramed();
    const congestion = this.#congest();
    const kept = congestion.add(data, options);
    this.#proceed(congestion);
    // What is made for all in one turn goes with it.
    this.enlist();
    return kept;
  }

  #congest(): Congestion {
    this.#congestion ??= new Congestion(this.#owner, this.#engine.backlog);
    return this.#congestion;
  }

  /** Sends what waits, until the transport is full or a long message has had its share of this turn. */
  #proceed(congestion: Congestion): void {
    while (!congestion.full) {
      if (congestion.long !== undefined && !this.#sendPieces(congestion)) return;
      if (congestion.pongDue !== undefined) this.#slab(this.#protocol.pong(congestion.pongDue));
      congestion.pongDue = undefined;
      const next = congestion.take();
      if (next === undefined) break;
      const format = this.#formatOf(next.data, next.compress);
      if (next.data.length > longestWhole) {
        congestion.begin(this.#long(next.data, format), next);
      } else {
        this.#frame(next.data, format);
        this.#engine.backlog.release(next);
      }
    }
    if (this.#engine.slab.owner === this) this.#engine.slab.flush();
    if (congestion.full) return;
    this.#relieve(congestion);
    this.#writeClose(congestion);
    this.#owner.emptied();
  }

  #relieve(congestion: Congestion): void {
    this.#congestion = undefined;
    congestion.over();
  }

  #long(data: string | Uint8Array, format: WireFormat): LongMessage {
    const { turn, deflate, slab } = this.#engine;
    const { role } = this.#protocol;
    if (slab.owner === this) slab.flush();
    if (format !== plain) this.#deflate!.forget();
    if (role === "server") return turn.long(data, format);
    if (format === plain) return new CutMessage(data, role);
    return new CompressedMessage(data, role, (bytes, last) =>
      deflate!.compress(bytes, format, last),
    );
  }

  /** Returns whether the message has left. */
  #sendPieces(congestion: Congestion): boolean {
    while (!congestion.full) {
      const piece = congestion.piece();
      if (piece === undefined) return true;
      this.write(piece);
      if (congestion.long!.fragmented) {
        // Making a piece was work enough for this turn.
        this.enlist();
        return false;
      }
    }
    return false;
  }

  /** RFC 6455 §5.4: a frame that has begun has to be completed; fragments need not follow. */
  #cutShort(congestion: Congestion): void {
    if (congestion.long?.fragmented !== false) return congestion.cut();
    for (let piece = congestion.piece(); piece !== undefined; piece = congestion.piece()) {
      this.write(piece);
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

  #writeClose(congestion: Congestion): void {
    const due = congestion.closeDue;
    congestion.closeDue = undefined;
    if (due !== undefined) this.write(this.#protocol.close(due.code, due.reason));
  }
}
