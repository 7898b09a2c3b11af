import { ProtocolError } from "../errors.ts";
import type { ConnectionLimits } from "../internal/limits.ts";
import type { SendOptions, SlowPolicy } from "../internal/send-options.ts";
import { CloseCode, checkClose, cutReason } from "../protocol/close-code.ts";
import type { Role } from "../protocol/opcode.ts";
import type { PermessageDeflate } from "../protocol/permessage-deflate.ts";
import { Protocol, type ProtocolSink } from "../protocol/protocol.ts";
import { Alarm } from "./alarm.ts";
import type { Engine } from "./engine.ts";
import type { Inflating } from "./inflation.ts";
import { Keepalive, type Kept } from "./keepalive.ts";
import { Parting } from "./parting.ts";
import type { SliceMember } from "./read-slice.ts";
import type { Transport, TransportSink } from "./transport.ts";
import { Writer, type WriterOwner } from "./writer.ts";

/** What a {@link Connection} tells its owner. None of these may throw. */
export interface ConnectionSink {
  /** Whether the handler is still at work: its answers then leave when it is done. */
  readonly busy: boolean;
  /** What happens when the outbox is full. */
  readonly slow: SlowPolicy;
  onText(message: string): void;
  onBytes(message: Uint8Array): void;
  /** A message was dropped: because the peer is too slow, or because the connection has ended. */
  onDrop(size: number, why: "slow" | "closed"): void;
  /** The peer broke the protocol, or one of its limits; `onClosed` follows. */
  onFail(error: ProtocolError): void;
  /**
   * The connection has ended for the application: the closing handshake is complete, or there will
   * be none. Once. `clean` says which (RFC 6455 §7.1.4).
   */
  onClosed(code: number, reason: string, clean: boolean): void;
  /** The transport is gone, too. Once, and last. */
  onGone(): void;
}

/** Options of {@link Connection}. */
export interface ConnectionOptions {
  readonly role: Role;
  readonly engine: Engine;
  readonly limits: Required<ConnectionLimits>;
  readonly sink: ConnectionSink;
  /** What the handshake agreed on; of the engine's share. */
  readonly deflate?: PermessageDeflate | undefined;
}

/** Who may pause reading. Each has a bit, so that one cannot resume what another paused. */
export const Pause = { application: 1, mailbox: 2, outbox: 4, inflation: 8 } as const;

/** The bit of a pause that lasts until the connection's turn to read comes. */
const untilItsTurn = 16;

/** How many seconds' worth of control frames may come at once, in milliseconds. */
const controlBurst = 10_000;

/** One transport driven by one protocol state machine. `onData` is the only entrance of bytes. */
export class Connection
  implements ProtocolSink, TransportSink, WriterOwner, Kept, Inflating, SliceMember
{
  /** @internal */ readonly limits: Required<ConnectionLimits>;
  readonly #transport: Transport;
  readonly #protocol: Protocol;
  readonly #writer: Writer;
  readonly #engine: Engine;
  readonly #sink: ConnectionSink;
  readonly #keepalive: Keepalive;
  readonly #deflate: PermessageDeflate | undefined;

  /** While it is open, messages may be sent, and are delivered; at last the transport is gone, too. */
  #state: "open" | "closing" | "ended" | "gone" = "open";
  #pauses = 0;
  /** The peer has ended its half, and what it sent before is still held back. */
  #endDue = false;
  /** Until when the allowance of control frames is used up, as the wheel counts the time. */
  #controlUntil = 0;

  // Made when they are needed: most connections never do.
  #parting: Parting | undefined;
  #arriving: Alarm | undefined;
  #pausing: Alarm | undefined;

  constructor(transport: Transport, options: ConnectionOptions) {
    const { engine, limits, role, deflate } = options;
    this.#transport = transport;
    this.#engine = engine;
    this.limits = limits;
    this.#sink = options.sink;
    const { maxMessageSize } = limits;
    this.#deflate = deflate;
    const { budget } = engine;
    this.#protocol = new Protocol({ role, sink: this, maxMessageSize, budget, extension: deflate });
    this.#writer = new Writer(transport, this.#protocol, engine, this, deflate);
    this.#keepalive = new Keepalive(engine.wheel, this);
    transport.open(this);
  }

  /** Bytes that were sent but that the operating system has not taken. */
  get bufferedAmount(): number {
    return this.#writer.size;
  }

  get #ended(): boolean {
    return this.#state === "ended" || this.#state === "gone";
  }

  get #gone(): boolean {
    return this.#state === "gone";
  }

  /** Whether reading is paused by us. */
  get paused(): boolean {
    return this.#pauses !== 0;
  }

  /** @internal */
  get slow(): SlowPolicy {
    return this.#sink.slow;
  }

  /** @internal */
  dropped(size: number): void {
    this.#sink.onDrop(size, this.#state === "open" ? "slow" : "closed");
  }

  /** @internal */
  emptied(): void {
    this.resume(Pause.outbox);
  }

  // Inbound: transport → protocol → sink.

  /** Takes bytes from the transport. They belong to the connection from here on. */
  onData(chunk: Uint8Array): void {
    this.#keepalive.heard();
    if (this.#engine.slice.spent) this.#yield();
    this.#receive(chunk);
    this.#engine.slice.mark();
  }

  /** Has the protocol read a chunk, or what waited while it was held, and writes the answers. */
  #receive(chunk: Uint8Array | undefined): void {
    this.#writer.corked = true;
    if (chunk === undefined) this.#protocol.release();
    else this.#protocol.receive(chunk);
    this.#answer();
  }

  /** Writes the answers to what was read. */
  #answer(): void {
    this.#writer.corked = false;
    if (this.#deflate !== undefined) this.#engine.inflation!.spent();
    const bare = this.#protocol.takeBareFrames();
    if (bare > 0) this.#countControl(bare);
    if (this.#protocol.partial || this.#arriving?.isSet === true) this.#watchArrival();
    if (this.#engine.slab.owner !== this.#writer) return;
    // A handler that is still at work has more to say: its answers leave together.
    if (this.#sink.busy) this.#writer.enlist();
    else this.#engine.slab.flush();
  }

  /** @internal */
  onText(message: string): void {
    this.#arriving?.lift();
    if (this.#state === "open") this.#sink.onText(message);
    if (this.#engine.slice.spentMidway) this.#yield();
  }

  /** @internal */
  onBytes(message: Uint8Array): void {
    this.#arriving?.lift();
    if (this.#state === "open") this.#sink.onBytes(message);
    if (this.#engine.slice.spentMidway) this.#yield();
  }

  /**
   * A bucket of tokens that is one number: each frame moves the time at which the bucket is full
   * again. It is the wheel's time, so our own stalls are not the peer's.
   */
  #countControl(frames: number): void {
    const { controlFrames } = this.limits;
    const now = this.#engine.wheel.time;
    this.#controlUntil = Math.max(now, this.#controlUntil) + (frames * 1000) / controlFrames;
    if (this.#controlUntil - now <= controlBurst || this.#ended) return;
    const what = `more than ${controlFrames} control frames and empty fragments a second`;
    this.onFail(new ProtocolError("ERR_CONTROL_FLOOD", CloseCode.policyViolation, what));
  }

  /** @internal */
  onPing(payload: Uint8Array): void {
    this.#writer.pong(payload);
  }

  /** @internal Whatever came shows that the peer is there; a pong says no more than that. */
  onPong(): void {}

  /** @internal A message takes long to inflate: what follows it waits. */
  onDecoding(): void {
    this.pause(Pause.inflation);
    this.#engine.inflation!.add(this);
  }

  /** @internal */
  inflate(): boolean {
    if (this.#pauses !== Pause.inflation) {
      // Not one more message is delivered before the others want to read again; `resume` sees to it.
      this.#engine.inflation!.remove(this);
      return true;
    }
    this.#writer.corked = true;
    const done = this.#protocol.decodeOn();
    this.#answer();
    if (!done) return false;
    this.#engine.inflation!.remove(this);
    this.resume(Pause.inflation);
    return true;
  }

  /** @internal RFC 6455 §5.5.1: a close frame is answered with one, which echoes its code. */
  onClose(code: number, reason: string): void {
    this.#remember(code, reason);
    if (this.#state === "open") this.#state = "closing";
    this.#writer.dropWaiting();
    if (!this.#protocol.closeSent) {
      this.#writer.write(this.#protocol.close(code === CloseCode.noStatus ? undefined : code));
    }
    this.#end(true);
  }

  /** @internal RFC 6455 §7.1.7: the peer broke the rules. */
  onFail(error: ProtocolError): void {
    this.#sink.onFail(error);
    this.fail(error.closeCode, error.message);
  }

  /** @internal The peer will send nothing more. Without a close frame that is no clean end. */
  onEnd(): void {
    if (this.#ended) return this.#transport.end();
    // A transport may notice the end while it is paused; what came before it is read first.
    this.#endDue = this.paused;
    if (this.#endDue) return;
    this.#state = "closing";
    this.#writer.dropWaiting();
    this.#end(false);
  }

  /** @internal */
  onGone(): void {
    const ended = this.#ended;
    this.#state = "gone";
    if (!ended) this.#tellEnd(false);
    this.#protocol.dispose();
    this.#writer.release();
    this.#deflate?.dispose();
    this.#parting?.lift();
    this.#pausing?.lift();
    this.#sink.onGone();
  }

  // Outbound.

  /**
   * Sends one message. `answer` says that it answers what is being handled right now, so it leaves
   * as soon as the handler is idle; all else leaves at the end of the turn.
   */
  send(data: string | Uint8Array, options: SendOptions | undefined, answer: boolean): void {
    if (this.#state === "open" && this.#writer.send(data, options, answer)) {
      // Who does not read the answers is asked nothing more: a burst is held back, not punished.
      if (answer && this.#owesTooMuch()) this.pause(Pause.outbox);
      return;
    }
    const size = typeof data === "string" ? Buffer.byteLength(data) : data.byteLength;
    this.#sink.onDrop(size, this.#state === "open" ? "slow" : "closed");
    if (this.#state === "open") {
      const { outboxSize } = this.limits;
      this.fail(CloseCode.tooSlow, `more than ${outboxSize} bytes wait for a slow reader`);
    }
  }

  /** Writes the answers that are framed; the handler is idle again. */
  flush(): void {
    if (this.#engine.slab.owner === this.#writer) this.#engine.slab.flush();
  }

  /** Resolves when nothing waits for the peer, or when the connection is gone. */
  drained(): Promise<void> {
    return this.#gone ? Promise.resolve() : this.#writer.drained();
  }

  /** @internal */
  onDrain(): void {
    // Who takes what we send is there, even if it says nothing.
    this.#keepalive.heard();
    const before = !this.#protocol.closeSent;
    this.#writer.onDrain();
    // A peer that still takes what was sent before the close frame is given more time; the close
    // frame itself is answered in time, or not at all.
    if (before && !this.#ended && this.#parting?.isSet === true) {
      this.#parting.set(this.limits.closeTimeout);
    }
  }

  /** @internal A peer that is pinged was quiet for long: it shall cost little. */
  ping(): void {
    this.#deflate?.release();
    this.#writer.ping();
  }

  // The end.

  /**
   * Starts the closing handshake (RFC 6455 §7.1.2), behind everything that was sent. Closing twice is
   * closing once.
   * @throws UsageError for a code or reason that may not be sent.
   */
  close(code?: number, reason = ""): void {
    checkClose(code, reason);
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#remember(code ?? CloseCode.noStatus, reason);
    this.#writer.close(code, reason);
    this.#protocol.ignoreMessages();
    this.#keepalive.lift();
    this.#parting!.set(this.limits.closeTimeout);
    this.#resumeAll();
  }

  /** Fails the connection (RFC 6455 §7.1.7): the close frame overtakes what waits, nothing is awaited. */
  fail(code: number, reason: string): void {
    if (this.#ended) return;
    this.#state = "closing";
    this.#remember(code, reason);
    this.#writer.dropWaiting();
    if (!this.#protocol.closeSent) {
      this.#writer.write(this.#protocol.close(code, cutReason(reason)));
    }
    this.#protocol.dispose();
    this.#end(false);
  }

  /** Ends the transport now, without a closing handshake. */
  destroy(): void {
    this.#end(false);
    this.#transport.destroy();
  }

  /** @internal */
  vanished(): void {
    this.destroy();
  }

  #remember(code: number, reason: string): void {
    const { wheel } = this.#engine;
    this.#parting ??= new Parting(code, reason, wheel, () => this.destroy());
  }

  #end(clean: boolean): void {
    if (this.#ended) return;
    this.#state = "ended";
    this.#tellEnd(clean);
    if (this.#gone) return;
    this.#resumeAll();
    // §7.1.1: the server closes TCP first; a client waits for it, within reason.
    if (this.#protocol.role === "server" || !clean) this.#transport.end();
    this.#parting!.set(this.limits.closeTimeout);
  }

  #tellEnd(clean: boolean): void {
    this.#keepalive.lift();
    this.#arriving?.lift();
    this.#engine.inflation?.remove(this);
    this.#remember(CloseCode.abnormal, "");
    const { code, reason } = this.#parting!;
    this.#sink.onClosed(code, reason, clean);
  }

  // Flow control.

  /** Stops reading, for one of the reasons in {@link Pause}: not one more message is delivered. */
  pause(why: number): void {
    if (this.#state !== "open" || (this.#pauses & why) !== 0) return;
    if ((this.#pauses & ~untilItsTurn) === 0) {
      const { pauseTimeout } = this.limits;
      this.#protocol.hold();
      this.#transport.pause();
      this.#arriving?.lift();
      this.#pausing ??= new Alarm(this.#engine.wheel, () =>
        this.fail(CloseCode.tryAgainLater, `reading was paused for more than ${pauseTimeout} ms`),
      );
      this.#pausing.set(pauseTimeout);
    }
    this.#pauses |= why;
  }

  /** Takes one reason for a pause back; reading goes on when none is left. */
  resume(why: number): void {
    if ((this.#pauses & why) === 0) return;
    this.#pauses &= ~why;
    if (this.#pauses === Pause.inflation) this.#engine.inflation!.add(this);
    if ((this.#pauses & ~untilItsTurn) === 0) this.#pausing?.lift();
    if (this.#pauses !== 0) return;
    this.#keepalive.heard();
    this.#receive(undefined);
    // What had waited may have filled the mailbox once more.
    if (this.paused) return;
    if (this.#endDue) this.onEnd();
    else this.#transport.resume();
  }

  /** Leaves what is left to another turn of the event loop: this one has read enough. */
  #yield(): void {
    if ((this.#pauses & untilItsTurn) !== 0 || this.#gone) return;
    this.#pauses |= untilItsTurn;
    this.#protocol.hold();
    this.#transport.pause();
    this.#engine.slice.wait(this);
    // Whoever is kept waiting has all the time again for a message that has begun.
    if (this.#arriving?.isSet === true) this.#arriving.set(this.limits.messageTimeout);
  }

  /** @internal */
  readOn(): void {
    if (!this.#gone) this.resume(untilItsTurn);
  }

  /** A client answers nobody: were both ends to stop for their answers, they could stop for good. */
  #owesTooMuch(): boolean {
    if (this.#protocol.role === "client") return false;
    const room = Math.min(this.limits.outboxSize, this.#engine.backlog.free);
    return this.#writer.waiting * 4 > room;
  }

  #resumeAll(): void {
    this.resume(Pause.application);
    this.resume(Pause.mailbox);
    this.resume(Pause.outbox);
    this.resume(Pause.inflation);
  }

  /**
   * A message that has begun has a deadline, so that its bytes are not held for ever; the one that
   * is delivered lifts it.
   */
  #watchArrival(): void {
    if (!this.#protocol.partial || this.#ended) return this.#arriving?.lift();
    if (this.#arriving?.isSet === true) return;
    const { messageTimeout } = this.limits;
    this.#arriving ??= new Alarm(this.#engine.wheel, () => {
      const what = `message took more than ${messageTimeout} ms to arrive`;
      this.onFail(new ProtocolError("ERR_MESSAGE_TIMEOUT", CloseCode.policyViolation, what));
    });
    this.#arriving.set(messageTimeout);
  }
}
