import { type ErrorCode, HandshakeError } from "../errors.ts";
import { isValidKey } from "./accept-key.ts";
import type { ExtensionOffer } from "./extension-offer.ts";
import { isHost } from "./origin.ts";
import {
  hasHeader,
  headerExtensions,
  headerHolds,
  headerValues,
  onlyHeader,
} from "./raw-headers.ts";
import { parseTarget } from "./target.ts";
import { isFieldValue, isToken, listElements, quoted } from "./token.ts";

/** An HTTP/1 request as an HTTP parser has read it, before anybody believed it. */
export interface HandshakeRequest {
  readonly method: string;
  /** The request target, exactly as it was sent. */
  readonly target: string;
  /** As in `"1.1"`. */
  readonly httpVersion: string;
  /** Names and values by turns, as they were sent, in the shape of node's `rawHeaders`. */
  readonly rawHeaders: readonly string[];
  /** What arrived after the request's end, in the same segments. */
  readonly head?: Uint8Array;
}

/** A request that may become a WebSocket, and what it asks for (RFC 6455 §4.2.1). */
export interface Handshake {
  /** The decoded and normalised path: `/` first, `%2F` and `%25` kept. */
  readonly path: string;
  /** The query as it was sent, without its `?`. */
  readonly query: string;
  /** The Host header, or `:authority`, with its port if it has one. */
  readonly host: string;
  /** The Origin header, to be judged by `judgeOrigin`; undefined if the client is no browser. */
  readonly origin: string | undefined;
  /** What the client offers, in its order of preference, without duplicates. */
  readonly subprotocols: readonly string[];
  /** What the client offers, in its order of preference; unknown extensions included. */
  readonly extensions: readonly ExtensionOffer[];
}

/** A {@link Handshake} that came over HTTP/1.1. */
export interface KeyedHandshake extends Handshake {
  /** The client's Sec-WebSocket-Key, to be answered by {@link handshakeResponse}. */
  readonly key: string;
}

/** Whether a request asks for a WebSocket at all: `websocket` is in its Upgrade list (RFC 6455 §4.2.1 item 3). */
export function asksForWebSocket(rawHeaders: readonly string[]): boolean {
  return headerHolds(rawHeaders, "upgrade", "websocket");
}

/**
 * Judges the client's opening handshake (RFC 6455 §4.2.1): what it asks for, or the refusal that
 * answers it. Never throws, whatever the request holds. The first fault decides, in the order in
 * which they are tested here; the origin is left to `judgeOrigin`, which knows the policy.
 *
 * @param limits - `maxHeaders`: the most header lines that a handshake may have.
 * `@defaultValue` 100, far above any browser and below the count where node's parser drops lines.
 */
export function judgeHandshake(
  request: HandshakeRequest,
  { maxHeaders = 100 }: { maxHeaders?: number } = {},
): KeyedHandshake | HandshakeError {
  const { httpVersion, rawHeaders, method, head } = request;

  if (!isUpgradable(httpVersion)) {
    return refuse(
      "ERR_HANDSHAKE_HTTP_VERSION",
      `HTTP version ${quoted(httpVersion)} is lower than 1.1`,
      505,
    );
  }
  const lines = rawHeaders.length / 2;
  if (lines > maxHeaders) return tooManyLines(lines, maxHeaders);
  if (method !== "GET") {
    return refuse("ERR_HANDSHAKE_METHOD", `method ${quoted(method)} is not GET`, 405, {
      Allow: "GET",
    });
  }
  const host = onlyHeader(rawHeaders, "host");
  if (host === undefined || !isHost(host)) {
    return refuse("ERR_HANDSHAKE_HOST", "there must be exactly one Host header, with a host in it");
  }
  if (!asksForWebSocket(rawHeaders) || !headerHolds(rawHeaders, "connection", "upgrade")) {
    const message = "the request lacks Upgrade: websocket or Connection: Upgrade";
    return refuse("ERR_HANDSHAKE_UPGRADE", message, 400, { Upgrade: "websocket" });
  }
  if (carriesBody(rawHeaders)) {
    return refuse("ERR_HANDSHAKE_BODY", "an opening handshake has no body");
  }
  const target = parseTarget(request.target);
  if (target === undefined) {
    return refuse("ERR_HANDSHAKE_TARGET", `target ${quoted(request.target)} is not a path`);
  }
  if (onlyHeader(rawHeaders, "sec-websocket-version") !== "13") {
    return refuse("ERR_HANDSHAKE_VERSION", wrongVersion, 426, {
      "Sec-WebSocket-Version": "13",
      Upgrade: "websocket",
    });
  }
  const key = onlyHeader(rawHeaders, "sec-websocket-key");
  if (key === undefined || !isValidKey(key)) {
    return refuse(
      "ERR_HANDSHAKE_KEY",
      "there must be exactly one Sec-WebSocket-Key, 16 bytes in base64",
    );
  }
  const wishes = judgeWishes(rawHeaders);
  if (wishes instanceof HandshakeError) return wishes;
  if (head !== undefined && !mayBeginFrame(head)) {
    return refuse(
      "ERR_HANDSHAKE_BODY",
      "what follows the opening handshake is not a client's frame",
    );
  }
  const { path, query } = target;
  const { origin, subprotocols, extensions } = wishes;
  return { key, path, query, host, origin, subprotocols, extensions };
}

// The rules that do not depend on the version of HTTP.

/**
 * Judges what both versions of HTTP write in the same headers: the origin, subprotocols and extensions.
 * @internal
 */
export function judgeWishes(
  rawHeaders: readonly string[],
): Pick<Handshake, "origin" | "subprotocols" | "extensions"> | HandshakeError {
  const forbidden = headerWithForbiddenBytes(rawHeaders);
  if (forbidden !== undefined) {
    return refuse(
      "ERR_HANDSHAKE_HEADERS",
      `header ${quoted(forbidden)} holds other bytes than visible ASCII`,
    );
  }
  const origin = onlyHeader(rawHeaders, "origin");
  if (origin === undefined && hasHeader(rawHeaders, "origin")) {
    return refuse("ERR_HANDSHAKE_ORIGIN", "there is more than one Origin header", 403);
  }
  const subprotocols = readSubprotocols(rawHeaders);
  if (subprotocols === undefined) {
    return refuse(
      "ERR_HANDSHAKE_SUBPROTOCOL",
      "Sec-WebSocket-Protocol must be a list of different tokens",
    );
  }
  const extensions = headerExtensions(rawHeaders);
  if (extensions === undefined) {
    return refuse("ERR_HANDSHAKE_EXTENSION", "Sec-WebSocket-Extensions is malformed");
  }
  return { origin, subprotocols, extensions };
}

/** @internal */
export function tooManyLines(lines: number, maxHeaders: number): HandshakeError {
  const message = `${lines} header lines exceed the limit of ${maxHeaders}`;
  return refuse("ERR_HANDSHAKE_HEADERS", message, 431);
}

/** @internal */
export const wrongVersion = "Sec-WebSocket-Version must be 13, once";

/** @internal */
export function refuse(
  code: ErrorCode,
  message: string,
  status = 400,
  headers: Readonly<Record<string, string>> = {},
): HandshakeError {
  return new HandshakeError(code, status, message, headers);
}

/** Whether an HTTP version is 1.1 or higher (RFC 6455 §4.2.1 item 1). */
function isUpgradable(httpVersion: string): boolean {
  return httpVersion === "1.1" || (/^\d\.\d$/.test(httpVersion) && Number(httpVersion) > 1.1);
}

/**
 * A lone `Content-Length: 0` announces nothing; two lengths, even equal ones, smell of smuggling.
 * @internal
 */
export function carriesBody(rawHeaders: readonly string[]): boolean {
  const length = "content-length";
  const announced = hasHeader(rawHeaders, length) && onlyHeader(rawHeaders, length) !== "0";
  return announced || hasHeader(rawHeaders, "transfer-encoding");
}

/**
 * The first header that decides about security and holds a byte which parsers read differently:
 * obs-text, or a control character that a lenient parser let through (RFC 9110 §5.5).
 */
function headerWithForbiddenBytes(rawHeaders: readonly string[]): string | undefined {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (guarded.test(name) && !isFieldValue(rawHeaders[at + 1]!)) return name.toLowerCase();
  }
  return undefined;
}

/** The names of headers that decide about security. */
const guarded = /^(?:sec-|(?:origin|host|cookie)$)/i;

/** At least one token, each once (RFC 6455 §4.1 item 10); repeated headers are one list (§11.3.4). */
function readSubprotocols(rawHeaders: readonly string[]): string[] | undefined {
  const header = "sec-websocket-protocol";
  if (!hasHeader(rawHeaders, header)) return [];
  const names = headerValues(rawHeaders, header).flatMap(listElements);
  const valid = names.length > 0 && names.every(isToken) && new Set(names).size === names.length;
  return valid ? names : undefined;
}

/**
 * Whether `head` may be the beginning of a client's first frame: no continuation, no reserved
 * opcode, masked (RFC 6455 §5.1, §5.2). A second HTTP request never looks like that, because its
 * second octet is ASCII. Reserved bits are left to the extensions.
 */
function mayBeginFrame(head: Uint8Array): boolean {
  if (head.length === 0) return true;
  return [0x1, 0x2, 0x8, 0x9, 0xa].includes(head[0]! & 0x0f) && (head[1] ?? 0x80) >= 0x80;
}
