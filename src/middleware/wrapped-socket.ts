import { isFault, type Phase } from "../application/fault.ts";
import type { AcceptOptions, RejectOptions, Socket } from "../application/socket.ts";
import type { SendOptions } from "../internal/send-options.ts";
import type { Joined, JoinOptions } from "../layers/channel-layer.ts";

/** A socket around a socket: a middleware changes what it wants to, and everything else goes on. */
export class WrappedSocket implements Required<Socket> {
  readonly #inner: Socket;
  #decided = false;

  constructor(inner: Socket) {
    this.#inner = inner;
  }

  accept(options?: AcceptOptions): void {
    this.#decided = true;
    this.#inner.accept(options);
  }

  reject(status: number, options?: RejectOptions): void {
    this.#decided = true;
    this.#inner.reject(status, options);
  }

  /**
   * Accepts what the application has left open when its `open` was done, as the framework does after
   * that: here it happens under the middleware's eyes.
   */
  settle(): void {
    if (this.#decided) return;
    try {
      this.accept();
    } catch (error) {
      // Somebody further out has refused it in the meantime.
      if (!isFault(error, "ERR_CONNECTION_ENDED")) throw error;
    }
  }

  send(data: string | Uint8Array, options?: SendOptions): void {
    this.#inner.send(data, options);
  }

  drained(): Promise<void> {
    return this.#inner.drained();
  }

  close(code?: number, reason?: string): void {
    this.#decided = true;
    this.#inner.close(code, reason);
  }

  join(group: string, options?: JoinOptions): Promise<Joined> {
    return this.#inner.join(group, options);
  }

  leave(group: string): Promise<void> {
    return this.#inner.leave(group);
  }

  get channel(): string {
    return this.#inner.channel;
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  report(error: unknown, phase: Phase, handler: string): void {
    this.#inner.report(error, phase, handler);
  }

  drop(size: number, why: "slow" | "closed"): void {
    this.#inner.drop(size, why);
  }

  get accepted(): boolean {
    return this.#inner.accepted;
  }

  get bufferedAmount(): number {
    return this.#inner.bufferedAmount;
  }

  get signal(): AbortSignal {
    return this.#inner.signal;
  }
}
