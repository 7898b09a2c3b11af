import { type ClientRequest, type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Engine } from "../connection/engine.ts";
import { ConnectError, HandshakeError } from "../errors.ts";
import { type HandshakeQuestion, judgeResponse } from "../protocol/client-handshake.ts";
import { judgeDeflate } from "../protocol/deflate-negotiation.ts";
import type { PermessageDeflate } from "../protocol/permessage-deflate.ts";
import { joinHeaders } from "../protocol/raw-headers.ts";
import { quoted } from "../protocol/token.ts";

/** How many headers an answer may have. Their size is bounded by the request's `maxHeaderSize`. */
const maxHeaders = 100;

/** How much of the body of a refusal is kept, in bytes. */
const maxBody = 4096;

/** How much of it an error's message has, in characters. */
const maxReason = 300;

/** What a server agreed to: a socket that speaks WebSocket from here on. */
export interface Opened {
  readonly socket: Socket;
  /** Bytes that came behind the answer. */
  readonly head: Buffer;
  readonly subprotocol: string | undefined;
  /** How messages are compressed, if both want to. */
  readonly deflate: PermessageDeflate | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** The one who is told how an {@link Opening} ended: one of the two, once. */
export interface OpeningOwner {
  /** The socket is the owner's from here on, who listens to it before this returns. */
  onOpened(opened: Opened): void;
  onFailed(error: unknown): void;
}

/** Options of {@link Opening}. */
export interface OpeningOptions {
  readonly asked: HandshakeQuestion;
  readonly engine: Engine;
  readonly handshakeTimeout: number;
  readonly signal: AbortSignal | undefined;
}

/** An opening handshake from the client's side: one request, until the server has answered it. */
export class Opening {
  readonly #request: ClientRequest;
  readonly #options: OpeningOptions;
  readonly #owner: OpeningOwner;
  #lift: (() => void) | undefined;
  #settled = false;
  /** An answer that refuses, and what came of its body. */
  #refusal: IncomingMessage | undefined;
  #body: Buffer = Buffer.alloc(0);

  constructor(request: ClientRequest, options: OpeningOptions, owner: OpeningOwner) {
    this.#request = request;
    this.#options = options;
    this.#owner = owner;
  }

  /** Sends the request, whose headers are those of the question. */
  start(): void {
    const { engine, handshakeTimeout, signal } = this.#options;
    const request = this.#request;
    this.#lift = engine.after(handshakeTimeout, () => this.#onTimeout(handshakeTimeout));
    signal?.addEventListener("abort", this.#onAbort);
    request.on("upgrade", (answer, socket, head) => this.#onUpgrade(answer, socket, head));
    request.on("response", (answer) => this.#onResponse(answer));
    request.on("error", (error) => this.#onError(error));
    request.end();
  }

  #onUpgrade(answer: IncomingMessage, socket: Socket, head: Buffer): void {
    const opened = this.#settled ? undefined : this.#judge(answer, socket, head);
    if (opened === undefined || opened instanceof HandshakeError) {
      socket.on("error", () => {});
      socket.destroy();
      return this.#fail(opened);
    }
    this.#settle();
    this.#owner.onOpened(opened);
  }

  /** Anything but a 101 that switches protocols: the body may say why. */
  #onResponse(answer: IncomingMessage): void {
    this.#refusal = answer;
    answer.on("data", (chunk: Buffer) => {
      this.#body = Buffer.concat([this.#body, chunk]);
      if (this.#body.length >= maxBody) this.#refuse(answer);
    });
    // However the body ends, the refusal stands.
    answer.on("error", () => {});
    answer.on("close", () => this.#refuse(answer));
  }

  #refuse(answer: IncomingMessage): void {
    const { rawHeaders, statusCode: status = 0 } = answer;
    const verdict = judgeResponse({ status, rawHeaders }, this.#options.asked);
    // Node's parser has the last word on whether protocols are switched.
    const refusal =
      verdict instanceof HandshakeError
        ? verdict
        : new HandshakeError(
            "ERR_HANDSHAKE_UPGRADE",
            status,
            "the server does not switch protocols",
          );
    this.#fail(this.#detailed(refusal, rawHeaders));
  }

  #onError(cause: Error & { readonly code?: string }): void {
    // A host with several addresses fails with an error that has no words of its own.
    const why = cause.message || cause.code;
    const { host } = this.#request;
    this.#fail(new ConnectError("ERR_CONNECT", `cannot connect to ${host}: ${why}`, { cause }));
  }

  #onTimeout(limit: number): void {
    if (this.#refusal !== undefined) return this.#refuse(this.#refusal);
    const { host } = this.#request;
    const message = `${host} did not answer the opening handshake within ${limit} ms`;
    this.#fail(new ConnectError("ERR_CONNECT_TIMEOUT", message));
  }

  readonly #onAbort = (): void => this.#fail(this.#options.signal!.reason);

  #judge(answer: IncomingMessage, socket: Socket, head: Buffer): Opened | HandshakeError {
    const { asked, engine } = this.#options;
    const { rawHeaders, statusCode: status = 0 } = answer;
    if (rawHeaders.length > maxHeaders * 2) {
      const message = `the server's answer has more than ${maxHeaders} headers`;
      return new HandshakeError("ERR_HANDSHAKE_HEADERS", status, message);
    }
    const verdict = judgeResponse({ status, rawHeaders }, asked);
    if (verdict instanceof HandshakeError) return this.#detailed(verdict, rawHeaders);
    const { extensions, subprotocol } = verdict;
    const deflate = engine.deflate && judgeDeflate(extensions, engine.deflate);
    if (deflate instanceof HandshakeError) return this.#detailed(deflate, rawHeaders);
    return { socket, head, subprotocol, deflate, headers: joinHeaders(rawHeaders) };
  }

  /** The same refusal, with all that the server said. */
  #detailed({ code, message, status }: HandshakeError, rawHeaders: string[]): HandshakeError {
    const headers = joinHeaders(rawHeaders);
    const body = this.#body.toString("utf8", 0, maxBody);
    const name = code === "ERR_HANDSHAKE_STATUS" ? STATUS_CODES[status] : undefined;
    const named = name === undefined ? message : `${message} ${name}`;
    const { location } = headers;
    // A redirect is not followed: it could lead our credentials to somebody else.
    const redirects = location !== undefined && status >= 300 && status < 400;
    const where = redirects ? ` and points to ${quoted(location)}` : "";
    return new HandshakeError(code, status, named + where + reason(headers, body), headers, body);
  }

  #fail(error: unknown): void {
    if (this.#settled) return;
    this.#settle();
    this.#request.destroy();
    this.#owner.onFailed(error);
  }

  #settle(): void {
    this.#settled = true;
    this.#lift?.();
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
  }
}

/** What the first line of a body says, if it is written for people: without what is no character. */
function reason(headers: Readonly<Record<string, string>>, body: string): string {
  if (!/^text\/plain\b/i.test(headers["content-type"] ?? "")) return "";
  const line = /^.*/.exec(body)![0].replaceAll(/\p{C}/gu, "").trim();
  if (line === "") return "";
  return `: ${line.length > maxReason ? `${line.slice(0, maxReason)}…` : line}`;
}
