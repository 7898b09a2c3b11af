import type { Handler } from "../application/handler.ts";
import { WrappedHandler } from "./wrapped-handler.ts";

/** A handler that gets only the messages that pass. */
export class LimitedHandler extends WrappedHandler {
  readonly #passes: (size: number) => boolean;

  /** `passes` is asked about each message, with its size in bytes. */
  constructor(inner: Handler, application: string, passes: (size: number) => boolean) {
    super(inner, application);
    this.#passes = passes;
  }

  override text(message: string): void | Promise<unknown> {
    if (this.#passes(Buffer.byteLength(message))) return super.text(message);
  }

  override bytes(message: Uint8Array): void | Promise<unknown> {
    if (this.#passes(message.byteLength)) return super.bytes(message);
  }
}
