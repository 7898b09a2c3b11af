import type { Scope } from "../application/scope.ts";
import type { AcceptOptions, RejectOptions, Socket } from "../application/socket.ts";
import type { Clock } from "../internal/clock.ts";
import type { Logger } from "../internal/logger.ts";
import type { SendOptions } from "../internal/send-options.ts";
import { WrappedSocket } from "./wrapped-socket.ts";

/** A socket that counts what goes through it, and writes down how it begins and ends. */
export class LoggedSocket extends WrappedSocket {
  readonly #path: string;
  readonly #address: string;
  readonly #log: Pick<Logger, "info">;
  readonly #clock: Pick<Clock, "now">;
  readonly #began: number;
  #messagesIn = 0;
  #bytesIn = 0;
  #messagesOut = 0;
  #bytesOut = 0;
  /** Whether a handler will be told of the end, and tells us. */
  #opened = false;
  #ended = false;

  constructor(inner: Socket, scope: Scope, log: Pick<Logger, "info">, clock: Pick<Clock, "now">) {
    super(inner);
    this.#path = scope.path;
    this.#address = scope.client.address;
    this.#log = log;
    this.#clock = clock;
    this.#began = clock.now();
  }

  override accept(options?: AcceptOptions): void {
    super.accept(options);
    if (this.accepted) this.#write({}, "connection opened");
  }

  override reject(status: number, options?: RejectOptions): void {
    const isAccepted = this.accepted;
    super.reject(status, options);
    if (!isAccepted) this.#write({ status }, "connection refused");
  }

  override send(data: string | Uint8Array, options?: SendOptions): void {
    super.send(data, options);
    this.#messagesOut++;
    this.#bytesOut += typeof data === "string" ? Buffer.byteLength(data) : data.byteLength;
  }

  /** A message came in. */
  received(size: number): void {
    this.#messagesIn++;
    this.#bytesIn += size;
  }

  /** A handler was opened: it knows with which code the connection ends. */
  opened(): void {
    this.#opened = true;
  }

  /** The signal says that it is over; with which code nobody will tell unless a handler is open. */
  aborted(): void {
    if (!this.#opened) this.ended(1006);
  }

  /** It is over. */
  ended(code: number): void {
    if (!this.accepted || this.#ended) return;
    this.#ended = true;
    this.#write(
      {
        code,
        duration: Math.round(this.#clock.now() - this.#began),
        messagesIn: this.#messagesIn,
        bytesIn: this.#bytesIn,
        messagesOut: this.#messagesOut,
        bytesOut: this.#bytesOut,
      },
      "connection closed",
    );
  }

  #write(fields: object, message: string): void {
    this.#log.info({ path: this.#path, address: this.#address, ...fields }, message);
  }
}
