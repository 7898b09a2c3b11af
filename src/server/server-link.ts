import type { Application } from "../application/application.ts";
import type { Phase } from "../application/fault.ts";
import { ApplicationInstance, type InstanceObserver } from "../application/instance.ts";
import type { Link } from "../application/link.ts";
import type { Scope } from "../application/scope.ts";
import type { AcceptOptions, RejectOptions } from "../application/socket.ts";
import { Connection, type ConnectionSink, Pause } from "../connection/connection.ts";
import type { Engine } from "../connection/engine.ts";
import type { Transport, TransportSink } from "../connection/transport.ts";
import type { ProtocolError } from "../errors.ts";
import type { ConnectionLimits } from "../internal/limits.ts";
import type { SendOptions, SlowPolicy } from "../internal/send-options.ts";
import type { SharedBytes } from "../internal/shared-bytes.ts";
import { acceptDeflate } from "../protocol/deflate-negotiation.ts";
import { formatExtensions } from "../protocol/extension-offer.ts";
import type { Handshake } from "../protocol/handshake.ts";
import { checkedHeaders, refusalLines } from "../protocol/handshake-response.ts";
import { publish } from "./diagnostics.ts";
import type { Opening } from "./opening.ts";

/** The one who keeps a list of the links. */
export interface LinkOwner {
  readonly engine: Engine;
  /** What the mailboxes of all its connections share. */
  readonly mailboxes: SharedBytes;
  /** The handshake was answered, or nobody waits for the answer any more. */
  settled(link: ServerLink, accepted: boolean): void;
  /** A transport that was accepted is gone. */
  gone(link: ServerLink): void;
  /** The application is done, and so is the transport. */
  done(link: ServerLink): void;
  /** The peer broke the protocol. */
  failed(link: ServerLink, error: ProtocolError): void;
  /** The application failed. */
  report(scope: Scope, error: unknown, phase: Phase, consumer: string): void;
}

/** Bytes that may come before the handshake is answered; no client has to send any. */
const maxEarly = 64 * 1024;

/**
 * Joins one application to one transport: while the handshake waits for its answer it watches over
 * the transport itself, afterwards a {@link Connection} does.
 */
export class ServerLink implements Link, InstanceObserver, ConnectionSink, TransportSink {
  readonly scope: Scope;
  /** The request target as it came, for the log. */
  readonly target: string;
  readonly #transport: Transport;
  // Until it is answered.
  #opening: Opening | undefined;
  #handshake: Handshake | undefined;
  readonly #limits: Required<ConnectionLimits>;
  readonly #owner: LinkOwner;
  #early: Uint8Array[] | undefined;
  #earlySize = 0;
  #instance: ApplicationInstance | undefined;
  #connection: Connection | undefined;
  #answered = false;
  /** Who asked to pause before there was a connection. */
  #pauses = 0;
  #finished = false;
  #gone = false;
  #liftEnd: (() => void) | undefined;

  constructor(
    opening: Opening,
    handshake: Handshake,
    scope: Scope,
    limits: Required<ConnectionLimits>,
    owner: LinkOwner,
  ) {
    this.#transport = opening.transport();
    this.#opening = opening;
    this.#handshake = handshake;
    this.scope = scope;
    this.target = opening.target;
    this.#limits = limits;
    this.#owner = owner;
  }

  /** Runs the application. */
  start(application: Application): void {
    const { head } = this.#opening!;
    const instance = new ApplicationInstance({
      application,
      scope: this.scope,
      link: this,
      limits: this.#limits,
      mailboxes: this.#owner.mailboxes,
      pace: this.#owner.engine.slice,
      clock: this.#owner.engine,
      observer: this,
    });
    this.#instance = instance;
    if (head.length > 0) this.onData(head);
    this.#transport.open(this);
    instance.start();
  }

  /** Asks the peer to go: with a close frame, or with 503 if it is not in yet. */
  drain(code: number, reason: string): void {
    if (this.#connection !== undefined) return this.#connection.close(code, reason);
    this.reject(503, { headers: { "Retry-After": "1" } });
    this.#instance?.onEnd(1006, "");
  }

  /** Ends it now, and lets go of handlers that are still at work. */
  abandon(): void {
    if (this.#connection === undefined) this.#transport.destroy();
    else this.#connection.destroy();
    this.#instance?.abandon();
  }

  // InstanceObserver: what becomes of the application.

  error(error: unknown, phase: Phase, handler: string): void {
    this.#owner.report(this.scope, error, phase, handler);
  }

  finished(): void {
    this.#finished = true;
    if (this.#gone) this.#owner.done(this);
  }

  // Link: what the application wants.

  accept(options: AcceptOptions): void {
    const { subprotocol, headers } = options;
    // What cannot be sent is told also when nobody is left to be sent it.
    if (headers !== undefined) checkedHeaders(headers);
    // The peer may have left while the application made up its mind.
    if (this.#gone || this.#answered) return;
    const { engine } = this.#owner;
    const { extensions: offers } = this.#handshake!;
    const agreed = engine.deflate && acceptDeflate(offers, engine.deflate);
    const extensions = agreed && formatExtensions([agreed.answer]);
    this.#opening!.accept({ subprotocol, extensions, headers });
    this.#settle(true);
    const connection = new Connection(this.#transport, {
      role: "server",
      engine,
      limits: this.#limits,
      sink: this,
      deflate: agreed?.extension,
    });
    this.#connection = connection;
    for (const bit of Object.values(Pause)) if ((this.#pauses & bit) !== 0) connection.pause(bit);
    publish("sluice:connection.open", { scope: this.scope });
    const early = this.#early;
    if (early === undefined) return;
    this.#early = undefined;
    if (this.#earlySize > maxEarly && !connection.paused) this.#transport.resume();
    for (const chunk of early) connection.onData(chunk);
  }

  reject(status: number, options: RejectOptions): void {
    refusalLines(status, options.headers);
    if (this.#gone || this.#answered) return;
    this.#opening!.reject(status, options);
    publish("sluice:handshake.reject", { target: this.target, status, error: undefined });
    this.#settle(false);
    this.#early = undefined;
    this.#transport.resume();
    const { closeTimeout } = this.#limits;
    this.#liftEnd = this.#owner.engine.after(closeTimeout, () => this.#transport.destroy());
  }

  send(data: string | Uint8Array, options: SendOptions | undefined, answer: boolean): void {
    if (this.#connection !== undefined) this.#connection.send(data, options, answer);
    else this.drop(typeof data === "string" ? Buffer.byteLength(data) : data.byteLength, "closed");
  }

  flush(): void {
    this.#connection?.flush();
  }

  drained(): Promise<void> {
    return this.#connection?.drained() ?? Promise.resolve();
  }

  close(code: number | undefined, reason: string): void {
    this.#connection?.close(code, reason);
  }

  fail(code: number, reason: string): void {
    this.#connection?.fail(code, reason);
  }

  pause(why: keyof typeof Pause): void {
    this.#pauses |= Pause[why];
    this.#connection?.pause(Pause[why]);
  }

  resume(why: keyof typeof Pause): void {
    this.#pauses &= ~Pause[why];
    this.#connection?.resume(Pause[why]);
  }

  get bufferedAmount(): number {
    return this.#connection?.bufferedAmount ?? 0;
  }

  drop(size: number, why: "slow" | "closed"): void {
    publish("sluice:message.drop", { scope: this.scope, size, why });
  }

  // TransportSink: while the handshake waits.

  onData(chunk: Uint8Array): void {
    if (this.#answered) return;
    this.#early ??= [];
    this.#early.push(chunk);
    this.#earlySize += chunk.length;
    if (this.#earlySize > maxEarly) this.#transport.pause();
  }

  onDrain(): void {}

  onEnd(): void {
    this.#instance?.onEnd(1006, "");
    this.#transport.end();
    // Nobody is left to answer, and a socket that only half of us closed may stay for ever.
    if (!this.#answered) this.#transport.destroy();
  }

  onGone(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#liftEnd?.();
    if (!this.#answered) this.#settle(false);
    if (this.#connection !== undefined) this.#owner.gone(this);
    this.#instance?.onEnd(1006, "");
    if (this.#finished) this.#owner.done(this);
  }

  // ConnectionSink: afterwards.

  get busy(): boolean {
    return this.#instance!.busy;
  }

  get slow(): SlowPolicy {
    return this.#instance!.slow;
  }

  onText(message: string): void {
    this.#instance!.onText(message);
  }

  onBytes(message: Uint8Array): void {
    this.#instance!.onBytes(message);
  }

  onDrop(size: number, why: "slow" | "closed"): void {
    this.drop(size, why);
  }

  onFail(error: ProtocolError): void {
    this.#owner.failed(this, error);
  }

  onClosed(code: number, reason: string, clean: boolean): void {
    publish("sluice:connection.close", { scope: this.scope, code, reason, clean });
    this.#instance!.onEnd(code, reason);
  }

  #settle(accepted: boolean): void {
    this.#answered = true;
    this.#opening = undefined;
    this.#handshake = undefined;
    this.#owner.settled(this, accepted);
  }
}
