import type { Handler } from "../application/handler.ts";
import { isPromise } from "../application/mailbox.ts";
import { maxTokenFrame } from "./token-frame.ts";
import { WrappedHandler } from "./wrapped-handler.ts";
import type { WrappedSocket } from "./wrapped-socket.ts";

/** What a {@link UserHandler} does besides. */
export interface UserHandlerOptions {
  /** The socket to accept with when the application has left that open. */
  readonly socket: WrappedSocket | undefined;
  /** The token in a message that only brings a new one. */
  readonly readToken: ((message: string) => string | undefined) | undefined;
  /** Takes a new token. */
  readonly refresh: (token: string) => Promise<void>;
}

/** The handler of a user who came with a token. */
export class UserHandler extends WrappedHandler {
  readonly #options: UserHandlerOptions;

  constructor(inner: Handler, application: string, options: UserHandlerOptions) {
    super(inner, application);
    this.#options = options;
  }

  override open(): void | Promise<unknown> {
    const opening = super.open();
    const { socket } = this.#options;
    if (socket === undefined) return opening;
    if (isPromise(opening)) return opening.then(() => socket.settle());
    return socket.settle();
  }

  override text(message: string): void | Promise<unknown> {
    const { readToken, refresh } = this.#options;
    if (readToken === undefined || message.length > maxTokenFrame) return super.text(message);
    const token = readToken(message);
    return token === undefined ? super.text(message) : refresh(token);
  }
}
