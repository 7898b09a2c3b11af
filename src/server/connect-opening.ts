import { maxHeaderSize } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { StreamTransport } from "../connection/stream-transport.ts";
import type { Transport } from "../connection/transport.ts";
import { HandshakeError, UsageError } from "../errors.ts";
import { systemClock } from "../internal/clock.ts";
import { judgeConnect, withoutPseudoHeaders } from "../protocol/connect-handshake.ts";
import {
  type ConnectResponse,
  connectRefusal,
  connectResponse,
} from "../protocol/connect-response.ts";
import type { Handshake } from "../protocol/handshake.ts";
import type { Agreed, OutgoingHeaders } from "../protocol/handshake-response.ts";
import { headerValues } from "../protocol/raw-headers.ts";
import { publish } from "./diagnostics.ts";
import type { Opening, Refusal } from "./opening.ts";
import { patience } from "./refusal.ts";

/** An opening handshake over HTTP/2 (RFC 8441): an extended CONNECT, as node:http2 hands over its stream. */
export class ConnectOpening implements Opening {
  readonly httpVersion = "2";
  readonly head: Uint8Array = nothing;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly #stream: ServerHttp2Stream;
  readonly #fields: readonly string[];

  /** @param rawHeaders - the stream's, pseudo-headers included. */
  constructor(stream: ServerHttp2Stream, rawHeaders: readonly string[]) {
    this.#stream = stream;
    this.#fields = rawHeaders;
    this.target = headerValues(rawHeaders, ":path")[0] ?? "";
    this.rawHeaders = withoutPseudoHeaders(rawHeaders);
  }

  get address(): string {
    return this.#socket?.remoteAddress ?? "";
  }

  get port(): number {
    return this.#socket?.remotePort ?? 0;
  }

  /** Not what `:scheme` says: anybody can write that, and some proxies do. */
  get encrypted(): boolean {
    return this.#stream.session?.encrypted === true;
  }

  get gone(): boolean {
    return this.#stream.destroyed;
  }

  judge(maxHeaders: number): Handshake | HandshakeError {
    return judgeConnect(this.#fields, { maxHeaders, maxHeaderSize });
  }

  /** A stream that nobody listens to does not flow. */
  hold(): void {}

  transport(): Transport {
    return new StreamTransport(this.#stream);
  }

  accept(agreed: Agreed): void {
    this.#respond(connectResponse(agreed));
  }

  reject(status: number, o: { readonly headers?: OutgoingHeaders; readonly body?: string }): void {
    this.#respond(connectRefusal(status, o));
    const stream = this.#stream;
    // RFC 9113 §8.1: after the whole answer the client need not go on.
    stream.once("finish", () => stream.close());
    stream.end(o.body ?? "");
  }

  refuse(why: Refusal): void {
    const error = why instanceof HandshakeError ? why : undefined;
    publish("sluice:handshake.reject", { target: this.target, status: why.status, error });
    const body = error === undefined ? "" : `${error.message}\n`;
    this.reject(why.status, { body, ...(why.headers && { headers: why.headers }) });
    const stream = this.#stream;
    stream.resume();
    stream.once(
      "close",
      systemClock.after(patience, () => stream.close()),
    );
  }

  get #socket(): Socket | undefined {
    return this.#stream.session?.socket;
  }

  #respond(response: ConnectResponse): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    try {
      stream.respond(response);
    } catch (cause) {
      // node:http2 knows headers of which there may only be one.
      const message = `node:http2 does not send these headers: ${(cause as Error).message}`;
      throw new UsageError("ERR_HEADER", message, { cause });
    }
  }
}

const nothing = new Uint8Array(0);
