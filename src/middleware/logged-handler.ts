import type { Handler } from "../application/handler.ts";
import { isPromise } from "../application/mailbox.ts";
import type { LoggedSocket } from "./logged-socket.ts";
import { WrappedHandler } from "./wrapped-handler.ts";

/** A handler whose socket is told of what comes in, and of the end. */
export class LoggedHandler extends WrappedHandler {
  readonly #socket: LoggedSocket;

  constructor(inner: Handler, application: string, socket: LoggedSocket) {
    super(inner, application);
    this.#socket = socket;
  }

  override open(): void | Promise<unknown> {
    this.#socket.opened();
    const opening = super.open();
    if (isPromise(opening)) return opening.then(() => this.#socket.settle());
    this.#socket.settle();
  }

  override text(message: string): void | Promise<unknown> {
    this.#socket.received(Buffer.byteLength(message));
    return super.text(message);
  }

  override bytes(message: Uint8Array): void | Promise<unknown> {
    this.#socket.received(message.byteLength);
    return super.bytes(message);
  }

  override disconnect(code: number, reason: string): void | Promise<unknown> {
    this.#socket.ended(code);
    return super.disconnect(code, reason);
  }
}
