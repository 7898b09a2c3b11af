import type { AcceptOptions, RejectOptions } from "../application/socket.ts";
import { type Connection, Pause } from "../connection/connection.ts";
import type { Engine } from "../connection/engine.ts";
import type { Transport, TransportSink } from "../connection/transport.ts";
import type { ConnectionLimits } from "../internal/limits.ts";
import { acceptDeflate } from "../protocol/deflate-negotiation.ts";
import { formatExtensions } from "../protocol/extension-offer.ts";
import type { Handshake } from "../protocol/handshake.ts";
import type { PermessageDeflate } from "../protocol/permessage-deflate.ts";
import type { Opening } from "./opening.ts";

/** The one who answers a {@link PendingHandshake}. */
export interface HandshakeOwner {
  /** The peer will send nothing more. */
  onLeft(): void;
  /** The transport is gone. Last. */
  onGone(): void;
}

/** Bytes that may come before the handshake is answered; no client has to send any. */
const maxEarly = 64 * 1024;

const everyPause = Object.values(Pause);

/**
 * A handshake that waits for its answer. It watches over the transport until a {@link Connection}
 * takes over; after a refusal, to the end.
 */
export class PendingHandshake implements TransportSink {
  readonly transport: Transport;
  readonly limits: Required<ConnectionLimits>;
  readonly #opening: Opening;
  readonly #handshake: Handshake;
  readonly #owner: HandshakeOwner;
  #early: Uint8Array[] = [];
  #earlySize = 0;
  #answered = false;
  #liftEnd: (() => void) | undefined;

  /** Who asked to pause, as the bits of {@link Pause}. */
  pauses = 0;

  constructor(
    opening: Opening,
    handshake: Handshake,
    limits: Required<ConnectionLimits>,
    owner: HandshakeOwner,
  ) {
    this.transport = opening.transport();
    this.limits = limits;
    this.#opening = opening;
    this.#handshake = handshake;
    this.#owner = owner;
  }

  /** Whether it does not wait any more. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Begins to watch over the transport. */
  open(): void {
    const { head } = this.#opening;
    if (head.length > 0) this.onData(head);
    this.transport.open(this);
  }

  /** Completes it, and gives the compression that was agreed on. @throws UsageError `ERR_HEADER` */
  accept(options: AcceptOptions, engine: Engine): PermessageDeflate | undefined {
    const { subprotocol, headers } = options;
    const { extensions: offers } = this.#handshake;
    const agreed = engine.deflate && acceptDeflate(offers, engine.deflate);
    const extensions = agreed && formatExtensions([agreed.answer]);
    this.#opening.accept({ subprotocol, extensions, headers });
    this.#answered = true;
    return agreed?.extension;
  }

  /** Leaves the transport to the connection, with what came early. */
  handOver(connection: Connection): void {
    for (const bit of everyPause) if ((this.pauses & bit) !== 0) connection.pause(bit);
    if (this.#earlySize > maxEarly && !connection.paused) this.transport.resume();
    for (const chunk of this.#early) connection.onData(chunk);
  }

  /** Refuses it. @throws UsageError */
  reject(status: number, options: RejectOptions): void {
    this.#opening.reject(status, options);
    this.#answered = true;
    this.#early = [];
  }

  /** Waits for the peer that was refused to go, within reason. */
  awaitEnd(engine: Engine): void {
    this.transport.resume();
    this.#liftEnd = engine.after(this.limits.closeTimeout, () => this.transport.destroy());
  }

  onData(chunk: Uint8Array): void {
    if (this.#answered) return;
    this.#early.push(chunk);
    this.#earlySize += chunk.length;
    if (this.#earlySize > maxEarly) this.transport.pause();
  }

  onDrain(): void {}

  onEnd(): void {
    this.#owner.onLeft();
    this.transport.end();
    // Nobody is left to answer, and a socket that only half of us closed may stay for ever.
    if (!this.#answered) this.transport.destroy();
  }

  onGone(): void {
    this.#liftEnd?.();
    this.#owner.onGone();
  }
}
