import type { Handler } from "../application/handler.ts";
import { noEventError, noMethodError } from "../application/fault.ts";
import type { SlowPolicy } from "../internal/send-options.ts";
import type { ChannelLayer, Delivery, Gap, LayerMessage } from "../layers/channel-layer.ts";

/**
 * A handler around a handler: a middleware changes what it wants to, and everything else goes on.
 * What the inner one does not take fails as it would without the wrapper.
 */
export class WrappedHandler implements Required<Handler> {
  readonly #inner: Handler;
  readonly #application: string;

  /** `application` is the name of the one that made `inner`, for the log. */
  constructor(inner: Handler, application: string) {
    this.#inner = inner;
    this.#application = application;
  }

  get name(): string {
    return this.#inner.name ?? (this.#application || "handler");
  }

  get slow(): SlowPolicy {
    return this.#inner.slow ?? "close";
  }

  get concurrency(): number | undefined {
    return this.#inner.concurrency;
  }

  get layer(): ChannelLayer | undefined {
    return this.#inner.layer;
  }

  open(): void | Promise<unknown> {
    return this.#inner.open?.();
  }

  text(message: string): void | Promise<unknown> {
    if (this.#inner.text === undefined) throw noMethodError("text", this.name);
    return this.#inner.text(message);
  }

  bytes(message: Uint8Array): void | Promise<unknown> {
    if (this.#inner.bytes === undefined) throw noMethodError("binary", this.name);
    return this.#inner.bytes(message);
  }

  event(message: LayerMessage, delivery: Delivery): void | Promise<unknown> {
    if (this.#inner.event === undefined) throw noEventError(message, this.name);
    return this.#inner.event(message, delivery);
  }

  gap(gap: Gap): void | Promise<unknown> {
    return this.#inner.gap?.(gap);
  }

  disconnect(code: number, reason: string): void | Promise<unknown> {
    return this.#inner.disconnect?.(code, reason);
  }
}
