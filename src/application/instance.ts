import type { Clock } from "../internal/clock.ts";
import type { ConnectionLimits } from "../internal/limits.ts";
import { notice } from "../internal/noticed-promise.ts";
import { checkOptionNames } from "../internal/option-names.ts";
import type { SendOptions, SlowPolicy } from "../internal/send-options.ts";
import { checkSendable } from "../internal/sendable.ts";
import type { SharedBytes } from "../internal/shared-bytes.ts";
import type {
  Channel,
  ChannelLayer,
  Delivery,
  Gap,
  Joined,
  JoinOptions,
  LayerMessage,
  Member,
} from "../layers/channel-layer.ts";
import type { Application } from "./application.ts";
import {
  acceptError,
  channelError,
  isFault,
  noEventError,
  noMethodError,
  type Phase,
  phaseOf,
  subprotocolError,
  timeoutError,
  unsendableError,
  unsupported,
} from "./fault.ts";
import { checkHandler, type Handler } from "./handler.ts";
import { Lanes } from "./lanes.ts";
import { Letter } from "./letter.ts";
import type { Link } from "./link.ts";
import { isPromise, Mailbox, type MailboxReader, type Pace } from "./mailbox.ts";
import type { Scope } from "./scope.ts";
import {
  type AcceptOptions,
  acceptOptionNames,
  type RejectOptions,
  rejectOptionNames,
  type Socket,
} from "./socket.ts";
import { Stop } from "./stop.ts";

/** Whoever runs instances hears of their troubles, and of their end. */
export interface InstanceObserver {
  /** The application's own error. Only this connection is affected. */
  error(error: unknown, phase: Phase, handler: string): void;
  /** Nothing of the application runs any more for this connection. Once. */
  finished(): void;
}

/** Options of {@link ApplicationInstance}. */
export interface InstanceOptions {
  readonly application: Application;
  readonly scope: Scope;
  readonly link: Link;
  readonly limits: Required<ConnectionLimits>;
  /** What the mailboxes of all connections share. */
  readonly mailboxes?: SharedBytes | undefined;
  /** The time that they share. */
  readonly pace?: Pace | undefined;
  readonly clock: Pick<Clock, "after">;
  readonly observer: InstanceObserver;
}

/**
 * One application at one connection, from the handshake to `disconnect`.
 *
 * It is the {@link Socket} that the application gets, the {@link Member} that the layer delivers to,
 * and it keeps the promises that hold for every handler: one call at a time, an error ends this
 * connection only, `disconnect` exactly once if `open` was entered.
 */
export class ApplicationInstance implements Socket, Member, MailboxReader {
  readonly #application: Application;
  readonly #scope: Scope;
  readonly #link: Link;
  readonly #limits: Required<ConnectionLimits>;
  readonly #clock: Pick<Clock, "after">;
  readonly #observer: InstanceObserver;
  readonly #mailbox: Mailbox;
  #handler: Handler | undefined;
  /** For a handler that may be called several times at once. */
  #lanes: Lanes | undefined;
  #state: "connecting" | "accepted" | "refused" | "closing" | "ended" = "connecting";
  /** What the application itself said to the handshake. */
  #answer: "accepted" | "refused" | undefined;
  /** What is left to do at the end: `disconnect`, or wait for it, or nothing. */
  #farewell: "due" | "begun" | "done" = "due";
  /** What is told of the end, once it has come. */
  #end: { readonly code: number; readonly reason: string } | undefined;
  #channel: Channel | undefined;
  #abort: AbortController | undefined;
  #liftDeadline: (() => void) | undefined;

  constructor(options: InstanceOptions) {
    this.#application = options.application;
    this.#scope = options.scope;
    this.#link = options.link;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#observer = options.observer;
    this.#mailbox = new Mailbox(this, options.limits, options.mailboxes, options.pace);
  }

  /** Calls the application. */
  start(): void {
    const application = this.#application;
    let handler: Handler | Promise<Handler>;
    try {
      handler = application(this.#scope, this);
    } catch (error) {
      return this.#failConnect(error);
    }
    if (isPromise(handler)) {
      handler.then(
        (settled) => this.#begin(settled),
        (error: unknown) => this.#failConnect(error),
      );
    } else {
      this.#begin(handler);
    }
    if (this.#state === "connecting") {
      const { connectTimeout } = this.#limits;
      this.#liftDeadline = this.#clock.after(connectTimeout, () => this.#connectTimeout());
    }
  }

  // From below: what the link tells.

  /** A text message came. */
  onText(message: string): void {
    this.#mailbox.deliver(Letter.text, message, undefined);
  }

  /** A binary message came. */
  onBytes(message: Uint8Array): void {
    this.#mailbox.deliver(Letter.bytes, message, undefined);
  }

  /** The connection has ended, or there will be none. */
  onEnd(code: number, reason: string): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#end = { code, reason };
    // Groups first: whatever the handler does, no membership is left behind.
    void this.#channel?.close().catch((error: unknown) => this.#report(error, "disconnect"));
    this.#abort?.abort();
    this.#lift();
    if (this.#handler === undefined) return this.#finish();
    // There is no message of a peer that never came in.
    if (!this.accepted) this.#mailbox.clear();
    this.#mailbox.disconnect();
    if (this.#farewell !== "done") this.#awaitDisconnect();
  }

  /** Goes on without handlers that are still at work: their deadline is now. */
  abandon(): void {
    if (this.#state !== "ended") this.onEnd(1006, "");
    if (this.#farewell !== "done") this.#letGo();
  }

  /** Whether the handler is at work. */
  get busy(): boolean {
    return this.#mailbox.busy;
  }

  /** Whether the handshake was answered with 101, ever. */
  get accepted(): boolean {
    return this.#answer === "accepted";
  }

  // From the layer.

  /** @internal */
  deliver(message: LayerMessage, delivery: Delivery): void {
    if (this.#isLive()) this.#mailbox.deliver(Letter.event, message, delivery);
  }

  /**
   * A group with a history waits for a slow member, where the policy would be to close: what does not
   * fit now is brought later, and nothing is lost.
   * @internal
   */
  offer(message: LayerMessage, delivery: Delivery): boolean {
    if (!this.#isLive()) return true;
    if (this.slow !== "close") {
      this.#mailbox.deliver(Letter.event, message, delivery);
      return true;
    }
    if (this.#link.bufferedAmount * 2 <= this.#limits.outboxSize) {
      return this.#mailbox.offer(message, delivery);
    }
    void this.#link.drained().then(() => this.vacant());
    return false;
  }

  /** @internal */
  gap(gap: Gap): void {
    if (this.#isLive()) this.#mailbox.deliver(Letter.gap, gap, undefined);
  }

  // From above: the Socket.

  accept(options: AcceptOptions = {}): void {
    checkOptionNames("accept", options, acceptOptionNames);
    if (this.#state === "ended") return;
    if (this.#state !== "connecting") {
      throw acceptError(this.accepted);
    }
    const { subprotocol } = options;
    const { subprotocols } = this.#scope;
    if (subprotocol !== undefined && !subprotocols.includes(subprotocol)) {
      throw subprotocolError(subprotocol, subprotocols);
    }
    // Before the link does it: bytes that came with the request may bring messages, and the end.
    this.#state = "accepted";
    this.#answer = "accepted";
    try {
      this.#link.accept(options);
    } catch (error) {
      this.#state = "connecting";
      this.#answer = undefined;
      throw error;
    }
    if (this.#isLive()) this.#lift();
  }

  reject(status: number, options: RejectOptions = {}): void {
    checkOptionNames("reject", options, rejectOptionNames);
    if (this.#state === "accepted") return this.close(1008);
    if (this.#state !== "connecting") return;
    this.#link.reject(status, options);
    this.#answer = "refused";
    this.#state = "refused";
    this.#settleRefused();
  }

  send(data: string | Uint8Array, options?: SendOptions): void {
    if (this.#state === "connecting" || this.#state === "refused") {
      throw unsendableError(this.#state);
    }
    checkSendable(data, options);
    // With several calls at work nobody can tell whose answer it is.
    const answer = this.#mailbox.answering && this.#lanes === undefined;
    this.#link.send(data, options, answer);
  }

  drained(): Promise<void> {
    return this.#link.drained();
  }

  close(code = 1000, reason = ""): void {
    if (this.#state === "connecting") return this.reject(403);
    if (this.#state === "refused") return;
    this.#link.close(code, reason);
    if (this.#state === "accepted") {
      this.#state = "closing";
      this.#mailbox.clear();
    }
  }

  join(group: string, options?: JoinOptions): Promise<Joined> {
    return notice(this.#join(group, options), (error) => this.#unnoticed(error));
  }

  leave(group: string): Promise<void> {
    return notice(this.#leave(group), (error) => this.#unnoticed(error));
  }

  get channel(): string {
    // Known already, it may be asked for to the last: `disconnect` says goodbye with it.
    return (this.#channel ?? this.#openChannel()).name;
  }

  pause(): void {
    this.#link.pause("application");
  }

  resume(): void {
    this.#link.resume("application");
  }

  drop(size: number, why: "slow" | "closed"): void {
    this.#link.drop(size, why);
  }

  report(error: unknown, phase: Phase, handler: string): void {
    this.#observer.error(error, phase, handler);
  }

  get bufferedAmount(): number {
    return this.#link.bufferedAmount;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#state === "ended") this.#abort.abort();
    }
    return this.#abort.signal;
  }

  // The mailbox's reader.

  /** @internal */
  get slow(): SlowPolicy {
    return this.#handler?.slow ?? "close";
  }

  /** @internal */
  handle(letter: Letter, value: unknown, delivery: Delivery | undefined): void | Promise<unknown> {
    if (this.#lanes === undefined) return this.call(letter, value, delivery);
    return this.#lanes.handle(letter, value, delivery);
  }

  /** @internal */
  call(letter: Letter, value: unknown, delivery: Delivery | undefined): void | Promise<unknown> {
    const handler = this.#handler!;
    switch (letter) {
      case Letter.text:
        if (handler.text === undefined) throw noMethodError("text", this.#name());
        return handler.text(value as string);
      case Letter.bytes:
        if (handler.bytes === undefined) throw noMethodError("binary", this.#name());
        return handler.bytes(value as Uint8Array);
      case Letter.event:
        if (handler.event === undefined) {
          throw noEventError(value as LayerMessage, this.#name());
        }
        return handler.event(value as LayerMessage, delivery!);
      case Letter.gap:
        return handler.gap?.(value as Gap);
      case Letter.open: {
        const opening = handler.open?.();
        if (opening === undefined) return this.#opened();
        return Promise.resolve(opening).then(() => this.#opened());
      }
      case Letter.disconnect: {
        if (this.#farewell !== "due") return;
        this.#farewell = "begun";
        const { code, reason } = this.#end!;
        const parting = handler.disconnect?.(code, reason);
        if (parting === undefined) return this.#finish();
        return Promise.resolve(parting).then(() => this.#finish());
      }
    }
  }

  /** @internal */
  failed(error: unknown, letter: Letter): void {
    if (!this.#isNoFault(error)) this.#report(error, phaseOf[letter]);
    if (letter === Letter.disconnect) return this.#finish();
    if (this.#state === "connecting") return this.#refuse(500);
    if (this.#state === "refused") return this.onEnd(1006, "");
    if (this.#state !== "accepted" || isFault(error, "ERR_EVENT_NOT_HANDLED")) return;
    this.#state = "closing";
    this.#mailbox.clear();
    if (isFault(error, "ERR_KIND_NOT_HANDLED")) {
      this.#link.close(1003, unsupported(letter === Letter.bytes ? "binary" : "text"));
    } else this.#link.close(1011, "internal error");
  }

  /** @internal */
  idle(): void {
    this.#link.flush();
  }

  /** @internal */
  full(): void {
    this.#link.pause("mailbox");
  }

  /** @internal */
  room(): void {
    this.#link.resume("mailbox");
  }

  /** @internal */
  vacant(): void {
    this.#channel?.resume();
  }

  /** @internal */
  overflow(policy: SlowPolicy): void {
    this.#link.drop(0, "slow");
    if (policy === "close" && this.#state === "accepted") {
      this.#state = "closing";
      const { mailboxMessages } = this.#limits;
      this.#link.fail(4008, `${mailboxMessages} layer messages wait for a slow handler`);
    }
  }

  // The course of a connection.

  #isLive(): boolean {
    return this.#state === "connecting" || this.#state === "accepted";
  }

  #begin(handler: Handler): void {
    // Whoever left, or was refused, before there was a handler has nothing to hear of it.
    if (this.#state === "ended") return this.#finish();
    try {
      checkHandler(handler, this.#name());
    } catch (error) {
      return this.#failConnect(error);
    }
    this.#handler = handler;
    const { concurrency = 1 } = handler;
    if (concurrency > 1) this.#lanes = new Lanes(concurrency, this);
    this.#mailbox.open();
  }

  #opened(): void {
    if (this.#state === "connecting") this.accept();
    else if (this.#state === "refused") this.onEnd(1006, "");
  }

  /** The application failed before there was a handler. */
  #failConnect(error: unknown): void {
    this.#report(error, "connect");
    if (this.#state === "connecting") return this.#refuse(500);
    if (this.#state !== "accepted") return;
    this.#link.close(1011, "internal error");
    this.onEnd(1011, "internal error");
  }

  #connectTimeout(): void {
    if (this.#state !== "connecting") return;
    const { connectTimeout } = this.#limits;
    this.#report(timeoutError("connecting took", connectTimeout, "got a 503"), "connect");
    this.#link.reject(503, {});
    this.onEnd(1006, "");
  }

  #refuse(status: number): void {
    this.#state = "refused";
    this.#link.reject(status, {});
    this.onEnd(1011, "");
  }

  /** After a refusal the link has no more to tell: the instance ends when `open` has settled. */
  #settleRefused(): void {
    if (this.#handler === undefined || !this.#mailbox.busy) this.onEnd(1006, "");
  }

  /** Gives handlers that are still at work a deadline, then goes on without them. */
  #awaitDisconnect(): void {
    this.#lift();
    const { disconnectTimeout } = this.#limits;
    this.#liftDeadline = this.#clock.after(disconnectTimeout, () => this.#letGo());
  }

  #letGo(): void {
    const { disconnectTimeout } = this.#limits;
    const begun = this.#farewell === "begun";
    const what = begun ? "disconnect took" : "after the end a handler went on for";
    this.#report(timeoutError(what, disconnectTimeout, "was let go"), "disconnect");
    this.#mailbox.close();
    if (begun) return this.#finish();
    this.#awaitDisconnect();
    // Past the mailbox: the handler that hangs would hold the last letter back for ever.
    try {
      const parting = this.call(Letter.disconnect, undefined, undefined);
      if (parting instanceof Promise) {
        parting.catch((error: unknown) => this.failed(error, Letter.disconnect));
      }
    } catch (error) {
      this.failed(error, Letter.disconnect);
    }
  }

  #lift(): void {
    this.#liftDeadline?.();
    this.#liftDeadline = undefined;
  }

  #finish(): void {
    if (this.#farewell === "done") return;
    this.#farewell = "done";
    this.#lift();
    this.#mailbox.close();
    this.#observer.finished();
  }

  #layer(): ChannelLayer {
    return this.#handler?.layer ?? this.#scope.layer;
  }

  async #join(group: string, options: JoinOptions | undefined): Promise<Joined> {
    return this.#layer().join(group, this.#openChannel(), options);
  }

  async #leave(group: string): Promise<void> {
    if (this.#channel !== undefined) await this.#layer().leave(group, this.#channel);
  }

  /** What nobody awaited failed: as if the handler had. */
  #unnoticed(error: unknown): void {
    this.failed(error, this.accepted ? Letter.text : Letter.open);
  }

  #openChannel(): Channel {
    if (this.#state === "refused" || this.#state === "ended") {
      throw channelError();
    }
    this.#channel ??= this.#layer().channel(this);
    return this.#channel;
  }

  /** Whoever was joining a group when the peer left need not hear that it is too late. */
  #isNoFault(error: unknown): boolean {
    if (error instanceof Stop) return true;
    if (this.#state !== "ended" || this.#answer === "refused") return false;
    return isFault(error, "ERR_CHANNEL_CLOSED", "ERR_CONNECTION_ENDED");
  }

  #report(error: unknown, phase: Phase): void {
    this.#observer.error(error, phase, this.#name());
  }

  /** What it is called in the log. */
  #name(): string {
    return (this.#handler?.name ?? this.#application.name) || "handler";
  }
}
