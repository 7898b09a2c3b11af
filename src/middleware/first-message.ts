import type { Handler } from "../application/handler.ts";
import type { AcceptOptions, Socket } from "../application/socket.ts";
import type { SlowPolicy } from "../internal/send-options.ts";
import type { ChannelLayer, Delivery, Gap, LayerMessage } from "../layers/channel-layer.ts";
import { end, endings } from "./ending.ts";
import type { Expiry } from "./expiry.ts";
import { maxTokenFrame } from "./token-frame.ts";
import { WrappedHandler } from "./wrapped-handler.ts";
import { WrappedSocket } from "./wrapped-socket.ts";

/** What a {@link FirstMessage} is told. */
export interface FirstMessageOptions {
  readonly socket: Socket;
  /** What the handshake is answered with; the application cannot be asked yet. */
  readonly subprotocol: string | undefined;
  readonly deadline: number;
  /** Made with what happens when time is up. */
  readonly timer: (callback: () => void) => Expiry;
  /** The application's name. */
  readonly name: string;
  readonly readToken: (message: string) => string | undefined;
  /** Asks who it is, and calls the application; undefined for somebody who may not come in. */
  readonly enter: (token: string, socket: Socket) => Promise<Handler | undefined>;
}

/**
 * Accepts a connection and waits for the message that says who it is. Until then the application is
 * not called, nothing is joined, and one message is read. From then on the application's handler has
 * everything, its `open` first.
 */
export class FirstMessage implements Required<Handler> {
  /** One message at a time, for good: it is asked before the application is. */
  readonly concurrency = undefined;
  readonly #options: FirstMessageOptions;
  readonly #deadline: Expiry;
  #next: WrappedHandler | undefined;
  #refused = false;

  constructor(options: FirstMessageOptions) {
    this.#options = options;
    this.#deadline = options.timer(() => this.#refuse());
  }

  get name(): string {
    return this.#next?.name ?? (this.#options.name || "handler");
  }

  get slow(): SlowPolicy {
    return this.#next?.slow ?? "close";
  }

  get layer(): ChannelLayer | undefined {
    return this.#next?.layer;
  }

  open(): void {
    const { socket, subprotocol, deadline } = this.#options;
    socket.accept(subprotocol === undefined ? {} : { subprotocol });
    this.#deadline.set(deadline);
  }

  text(message: string): void | Promise<unknown> {
    if (this.#next !== undefined) return this.#next.text(message);
    const token = message.length > maxTokenFrame ? undefined : this.#options.readToken(message);
    return token === undefined ? this.#refuse() : this.#enter(token);
  }

  bytes(message: Uint8Array): void | Promise<unknown> {
    return this.#next === undefined ? this.#refuse() : this.#next.bytes(message);
  }

  event(message: LayerMessage, delivery: Delivery): void | Promise<unknown> {
    return this.#next?.event(message, delivery);
  }

  gap(gap: Gap): void | Promise<unknown> {
    return this.#next?.gap(gap);
  }

  disconnect(code: number, reason: string): void | Promise<unknown> {
    this.#deadline.cancel();
    return this.#next?.disconnect(code, reason);
  }

  async #enter(token: string): Promise<void> {
    const { socket, subprotocol, name, enter } = this.#options;
    const handler = await enter(token, new AcceptedSocket(socket, subprotocol));
    this.#deadline.cancel();
    if (handler === undefined) return this.#refuse();
    if (this.#refused || socket.signal.aborted) return;
    this.#next = new WrappedHandler(handler, name);
    await this.#next.open();
  }

  #refuse(): void {
    this.#refused = true;
    end(this.#options.socket, endings.unauthenticated);
  }
}

/** A socket whose handshake was answered before the application saw it. */
class AcceptedSocket extends WrappedSocket {
  readonly #subprotocol: string | undefined;

  constructor(inner: Socket, subprotocol: string | undefined) {
    super(inner);
    this.#subprotocol = subprotocol;
  }

  /** What was done already is done. Asking for anything else comes too late, and throws. */
  override accept(options: AcceptOptions = {}): void {
    const { subprotocol = this.#subprotocol, headers } = options;
    if (headers !== undefined || subprotocol !== this.#subprotocol) super.accept(options);
  }
}
