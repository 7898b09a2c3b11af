import { UsageError } from "../errors.ts";
import type { SendOptions } from "../internal/send-options.ts";
import { ApplicationInstance, type InstanceOptions } from "./instance.ts";
import type { Link } from "./link.ts";
import type { AcceptOptions, RejectOptions, Socket } from "./socket.ts";
import { closedFrame, isStreamCode, payloadFrame } from "./stream-frame.ts";

/** What carries the streams of one connection. */
export interface Trunk {
  readonly socket: Socket;
  /** The application of a stream takes the connection. */
  accept(): void;
  /** It does not. */
  refuse(stream: string, status: number, body: string | undefined): void;
  /** Reading stops while anybody wants it to. */
  pause(who: string): void;
  resume(who: string): void;
  /** A stream has ended by itself. */
  ended(): void;
}

/** One application at one stream of a connection: what the connection carries, and when it ends. */
export class StreamLink implements Link {
  /** Resolves when nothing of the application runs any more. */
  readonly finished: Promise<void>;
  readonly #name: string;
  readonly #trunk: Trunk;
  readonly #instance: ApplicationInstance;
  #ended = false;

  constructor(
    name: string,
    trunk: Trunk,
    options: Pick<InstanceOptions, "application" | "scope" | "limits" | "clock">,
  ) {
    this.#name = name;
    this.#trunk = trunk;
    let finish: () => void;
    this.finished = new Promise((resolve) => {
      finish = resolve;
    });
    this.#instance = new ApplicationInstance({
      ...options,
      link: this,
      observer: {
        error: (error, phase, handler) => trunk.socket.report(error, phase, handler),
        finished: () => finish(),
      },
    });
  }

  // From below: what the connection tells.

  /** Calls the application. */
  start(): void {
    this.#instance.start();
  }

  /** A payload came. What comes after the end had not heard of it, and is lost as on any connection. */
  onText(message: string): void {
    if (!this.#ended) this.#instance.onText(message);
  }

  /** The peer, or the connection, ends the stream. */
  onEnd(code: number, reason: string): void {
    this.#end();
    this.#instance.onEnd(code, reason);
  }

  /** Whether it has ended, or never began. */
  get ended(): boolean {
    return this.#ended;
  }

  // From above: what the application wants.

  accept({ headers }: AcceptOptions): void {
    assertNoHeaders(headers);
    this.#trunk.accept();
  }

  reject(status: number, { headers, body }: RejectOptions): void {
    assertNoHeaders(headers);
    if (this.#ended) return;
    this.#end();
    this.#trunk.refuse(this.#name, status, body);
    this.#trunk.ended();
    // As on a connection of its own: an `open` that goes on has a deadline from now.
    queueMicrotask(() => this.#instance.onEnd(1006, ""));
  }

  send(data: string | Uint8Array, options: SendOptions | undefined): void {
    // Checked also when it is too late: whether a mistake shows should not depend on the peer.
    const frame = payloadFrame(this.#name, data);
    if (this.#ended) return;
    const key = options?.key;
    // One stream's key must not replace what another one sent.
    const own =
      key === undefined ? options : { ...options, key: JSON.stringify([this.#name, key]) };
    this.#trunk.socket.send(frame, own);
  }

  close(code = 1000, reason = ""): void {
    if (!isStreamCode(code)) {
      throw new UsageError("ERR_CLOSE_CODE", `a stream cannot be closed with ${String(code)}`);
    }
    this.fail(code, reason);
  }

  fail(code: number, reason: string): void {
    if (this.#ended) return;
    this.#end();
    this.#trunk.socket.send(closedFrame(this.#name, code, reason));
    this.#instance.onEnd(code, reason);
    this.#trunk.ended();
  }

  flush(): void {}

  drained(): Promise<void> {
    return this.#trunk.socket.drained();
  }

  pause(why: "application" | "mailbox"): void {
    if (!this.#ended) this.#trunk.pause(`${why} ${this.#name}`);
  }

  resume(why: "application" | "mailbox"): void {
    this.#trunk.resume(`${why} ${this.#name}`);
  }

  get bufferedAmount(): number {
    return this.#trunk.socket.bufferedAmount;
  }

  drop(size: number, why: "slow" | "closed"): void {
    this.#trunk.socket.drop(size, why);
  }

  #end(): void {
    this.#ended = true;
    this.resume("application");
    this.resume("mailbox");
  }
}

function assertNoHeaders(headers: object | undefined): void {
  if (headers === undefined) return;
  throw new UsageError("ERR_HEADER", "a stream has no response of its own to put headers into");
}
