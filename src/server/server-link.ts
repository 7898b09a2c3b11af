import type { Application } from "../application/application.ts";
import type { Phase } from "../application/fault.ts";
import { ApplicationInstance, type InstanceObserver } from "../application/instance.ts";
import type { Link } from "../application/link.ts";
import type { Scope } from "../application/scope.ts";
import type { AcceptOptions, RejectOptions } from "../application/socket.ts";
import { Connection, type ConnectionSink, Pause } from "../connection/connection.ts";
import type { Engine } from "../connection/engine.ts";
import type { ProtocolError } from "../errors.ts";
import type { ConnectionLimits } from "../internal/limits.ts";
import type { SendOptions, SlowPolicy } from "../internal/send-options.ts";
import type { SharedBytes } from "../internal/shared-bytes.ts";
import type { Handshake } from "../protocol/handshake.ts";
import { checkedHeaders, refusalLines } from "../protocol/handshake-response.ts";
import { publish } from "./diagnostics.ts";
import type { Opening } from "./opening.ts";
import { type HandshakeOwner, PendingHandshake } from "./pending-handshake.ts";

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

/**
 * Joins one application to one transport: while the handshake waits for its answer through a
 * {@link PendingHandshake}, afterwards through a {@link Connection}.
 */
export class ServerLink implements Link, InstanceObserver, ConnectionSink, HandshakeOwner {
  readonly scope: Scope;
  /** The request target as it came, for the log. */
  readonly target: string;
  readonly #owner: LinkOwner;
  #instance: ApplicationInstance | undefined;
  /** Until it is accepted, or gone. */
  #pending: PendingHandshake | undefined;
  #connection: Connection | undefined;
  #finished = false;
  #gone = false;

  constructor(
    opening: Opening,
    handshake: Handshake,
    scope: Scope,
    limits: Required<ConnectionLimits>,
    owner: LinkOwner,
  ) {
    this.scope = scope;
    this.target = opening.target;
    this.#owner = owner;
    this.#pending = new PendingHandshake(opening, handshake, limits, this);
  }

  /** Runs the application. */
  start(application: Application): void {
    const pending = this.#pending!;
    const instance = new ApplicationInstance({
      application,
      scope: this.scope,
      link: this,
      limits: pending.limits,
      mailboxes: this.#owner.mailboxes,
      pace: this.#owner.engine.slice,
      clock: this.#owner.engine,
      observer: this,
    });
    this.#instance = instance;
    pending.open();
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
    this.#pending?.transport.destroy();
    this.#connection?.destroy();
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
    // What cannot be sent is told also when nobody is left to be sent it.
    if (options.headers !== undefined) checkedHeaders(options.headers);
    // The peer may have left while the application made up its mind.
    const pending = this.#pending;
    if (pending === undefined || pending.answered) return;
    const { engine } = this.#owner;
    const deflate = pending.accept(options, engine);
    this.#owner.settled(this, true);
    const { transport, limits } = pending;
    this.#connection = new Connection(transport, {
      role: "server",
      engine,
      limits,
      sink: this,
      deflate,
    });
    this.#pending = undefined;
    publish("sluice:connection.open", { scope: this.scope });
    pending.handOver(this.#connection);
  }

  reject(status: number, options: RejectOptions): void {
    refusalLines(status, options.headers);
    const pending = this.#pending;
    if (pending === undefined || pending.answered) return;
    pending.reject(status, options);
    publish("sluice:handshake.reject", { target: this.target, status, error: undefined });
    this.#owner.settled(this, false);
    pending.awaitEnd(this.#owner.engine);
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
    if (this.#pending !== undefined) this.#pending.pauses |= Pause[why];
    else this.#connection?.pause(Pause[why]);
  }

  resume(why: keyof typeof Pause): void {
    if (this.#pending !== undefined) this.#pending.pauses &= ~Pause[why];
    else this.#connection?.resume(Pause[why]);
  }

  get bufferedAmount(): number {
    return this.#connection?.bufferedAmount ?? 0;
  }

  drop(size: number, why: "slow" | "closed"): void {
    publish("sluice:message.drop", { scope: this.scope, size, why });
  }

  // HandshakeOwner: while the handshake waits.

  onLeft(): void {
    this.#instance?.onEnd(1006, "");
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

  onGone(): void {
    if (this.#gone) return;
    this.#gone = true;
    if (this.#connection !== undefined) this.#owner.gone(this);
    else if (this.#pending?.answered === false) this.#owner.settled(this, false);
    this.#pending = undefined;
    this.#instance?.onEnd(1006, "");
    if (this.#finished) this.#owner.done(this);
  }
}
