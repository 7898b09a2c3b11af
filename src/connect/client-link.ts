import { Connection, type ConnectionSink, Pause } from "../connection/connection.ts";
import type { Engine } from "../connection/engine.ts";
import { SocketTransport } from "../connection/socket-transport.ts";
import type { ProtocolError } from "../errors.ts";
import { defaultLimits } from "../internal/limits.ts";
import type { SendOptions, SlowPolicy } from "../internal/send-options.ts";
import { checkSendable } from "../internal/sendable.ts";
import { CloseCode } from "../protocol/close-code.ts";
import type { ClientSocket, ConnectionEnd } from "./client-socket.ts";
import { type Message, MessageQueue, type MessageSource } from "./message-queue.ts";
import type { Opened } from "./opening.ts";
import type { ClientLimits } from "./options.ts";

/** Options of {@link ClientLink}. */
export interface ClientLinkOptions {
  readonly url: string;
  readonly engine: Engine;
  readonly limits: Required<ClientLimits>;
  readonly slow: SlowPolicy;
  readonly signal: AbortSignal | undefined;
  /** Who is handed the messages; without one they wait to be taken. */
  readonly onMessage: ((message: Message, socket: ClientSocket) => void) | undefined;
}

/** Joins a connection to the one who uses it: messages wait in a queue until somebody takes them. */
export class ClientLink implements ClientSocket, ConnectionSink, MessageSource {
  readonly busy = false;
  readonly slow: SlowPolicy;
  readonly url: string;
  readonly subprotocol: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly closed: Promise<ConnectionEnd>;
  readonly #connection: Connection;
  readonly #messages: MessageQueue;
  readonly #signal: AbortSignal | undefined;
  readonly #onMessage: ClientLinkOptions["onMessage"];
  #end!: (end: ConnectionEnd) => void;
  #error: unknown;
  #dropped = 0;

  constructor(opened: Opened, options: ClientLinkOptions) {
    const { engine, limits, signal, slow, url } = options;
    const { deflate, head, headers, socket, subprotocol } = opened;
    this.url = url;
    this.slow = slow;
    this.subprotocol = subprotocol;
    this.headers = headers;
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#messages = new MessageQueue(this, limits);
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    this.#connection = new Connection(new SocketTransport(socket), {
      role: "client",
      engine,
      limits: { ...defaultLimits, ...limits },
      sink: this,
      deflate,
    });
    this.#onMessage = options.onMessage;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort);
    if (head.length > 0) this.#connection.onData(head);
  }

  // ClientSocket: what the user does.

  send(data: string | Uint8Array, options?: SendOptions): void {
    checkSendable(data, options);
    this.#connection.send(data, options, false);
  }

  drained(): Promise<void> {
    return this.#connection.drained();
  }

  get bufferedAmount(): number {
    return this.#connection.bufferedAmount;
  }

  get dropped(): number {
    return this.#dropped;
  }

  async receive(): Promise<Message | undefined> {
    const { value } = await this.#messages.take();
    return value;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return { next: () => this.#messages.take() };
  }

  close(code?: number, reason?: string): void {
    this.#connection.close(code, reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close(CloseCode.normal);
    await this.closed;
  }

  // MessageSource: what the queue asks for.

  full(): void {
    this.#connection.pause(Pause.mailbox);
  }

  room(): void {
    this.#connection.resume(Pause.mailbox);
  }

  // ConnectionSink: what the server does.

  onText(message: string): void {
    this.#deliver(message);
  }

  onBytes(message: Uint8Array): void {
    this.#deliver(message);
  }

  onDrop(): void {
    this.#dropped++;
  }

  onFail(error: ProtocolError): void {
    this.#error = error;
  }

  onClosed(code: number, reason: string, clean: boolean): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#messages.end();
    this.#end({ code, reason, clean, error: clean ? undefined : this.#error });
  }

  onGone(): void {}

  #deliver(message: Message): void {
    if (this.#onMessage === undefined) return this.#messages.put(message);
    try {
      this.#onMessage(message, this);
    } catch (error) {
      this.#error = error;
      this.#connection.fail(CloseCode.internalError, "");
    }
  }

  readonly #onAbort = (): void => this.close(CloseCode.goingAway);
}
