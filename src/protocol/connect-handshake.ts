import { HandshakeError } from "../errors.ts";
import {
  carriesBody,
  type Handshake,
  judgeWishes,
  refuse,
  tooManyLines,
  wrongVersion,
} from "./handshake.ts";
import { isHost } from "./origin.ts";
import { hasHeader, headerValues, onlyHeader } from "./raw-headers.ts";
import { parseTarget } from "./target.ts";
import { quoted } from "./token.ts";

/** Whether an HTTP/2 request asks for a WebSocket; haproxy passes on the letters of its client's Upgrade. */
export function connectsWebSocket(rawHeaders: readonly string[]): boolean {
  return headerValues(rawHeaders, ":protocol")[0]?.toLowerCase() === "websocket";
}

/**
 * Judges an opening handshake over HTTP/2 (RFC 8441 §4, §5), an extended CONNECT: what it asks for, or
 * the refusal that answers it. Never throws. Beside `judgeHandshake` it is the same judge, with
 * pseudo-headers in place of the request line, Host, Upgrade and Connection. Ignored are a
 * Sec-WebSocket-Key, which proxies forward and §5 has done away with, and `:scheme`, which some
 * proxies always set to https.
 *
 * @param rawHeaders - names and values by turns, pseudo-headers first, as node:http2 has them.
 * @param limits - `maxHeaders`: the most header lines that a handshake may have; pseudo-headers do
 * not count, and cookies are one line in however many they come (RFC 9113 §8.2.3); `maxHeaderSize`:
 * the most bytes of all of them, each name and value with two more as HTTP/1.1 writes them.
 */
export function judgeConnect(
  rawHeaders: readonly string[],
  {
    maxHeaders = 100,
    maxHeaderSize = 16_384,
  }: { maxHeaders?: number; maxHeaderSize?: number } = {},
): Handshake | HandshakeError {
  const lines = countLines(rawHeaders);
  if (lines > maxHeaders) return tooManyLines(lines, maxHeaders);
  // A parser of HTTP/1 counts while it reads; node:http2 counts for clients that let it.
  const size = rawHeaders.reduce((sum, text) => sum + text.length + 2, 0);
  if (size > maxHeaderSize) {
    const message = `headers of ${size} bytes exceed the limit of ${maxHeaderSize}`;
    return refuse("ERR_HANDSHAKE_HEADERS", message, 431);
  }
  const method = onlyHeader(rawHeaders, ":method");
  if (method !== "CONNECT") {
    return refuse("ERR_HANDSHAKE_METHOD", `method ${quoted(method ?? "")} is not CONNECT`, 405, {
      Allow: "CONNECT",
    });
  }
  if (!connectsWebSocket(rawHeaders)) {
    // RFC 9220 §3 asks for 501 where `:protocol` is unknown; a proxy is not what we are, either.
    const protocol = quoted(onlyHeader(rawHeaders, ":protocol") ?? "");
    return refuse("ERR_HANDSHAKE_UPGRADE", `:protocol ${protocol} is not websocket`, 501);
  }
  const host = onlyHeader(rawHeaders, ":authority");
  const hosts = headerValues(rawHeaders, "host");
  if (host === undefined || !isHost(host)) {
    return refuse("ERR_HANDSHAKE_HOST", "there must be exactly one :authority, with a host in it");
  }
  // RFC 9113 §8.3.1: whoever stands before us may have gone by the other one.
  if (hosts.some((other) => other.toLowerCase() !== host.toLowerCase())) {
    return refuse("ERR_HANDSHAKE_HOST", "the Host header names another host than :authority");
  }
  if (carriesBody(rawHeaders)) {
    return refuse("ERR_HANDSHAKE_BODY", "an opening handshake has no body");
  }
  const path = onlyHeader(rawHeaders, ":path") ?? "";
  const target = parseTarget(path);
  if (target === undefined) {
    return refuse("ERR_HANDSHAKE_TARGET", `target ${quoted(path)} is not a path`);
  }
  if (onlyHeader(rawHeaders, "sec-websocket-version") !== "13") {
    // Not 426: nothing can be upgraded here (RFC 9113 §8.6).
    return refuse("ERR_HANDSHAKE_VERSION", wrongVersion, 400, { "Sec-WebSocket-Version": "13" });
  }
  const wishes = judgeWishes(rawHeaders);
  if (wishes instanceof HandshakeError) return wishes;
  return { ...target, host, ...wishes };
}

/**
 * The headers of an HTTP/2 request as HTTP/1.1 would have them: Host for `:authority`, and no other
 * pseudo-header (RFC 9113 §8.3.1).
 */
export function withoutPseudoHeaders(rawHeaders: readonly string[]): string[] {
  const authority = headerValues(rawHeaders, ":authority")[0];
  const headers = authority === undefined ? [] : ["host", authority];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    const replaced = name === "host" && authority !== undefined;
    if (!name.startsWith(":") && !replaced) headers.push(name, rawHeaders[at + 1]!);
  }
  return headers;
}

function countLines(rawHeaders: readonly string[]): number {
  let lines = hasHeader(rawHeaders, "cookie") ? 1 : 0;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (!name.startsWith(":") && name.toLowerCase() !== "cookie") lines++;
  }
  return lines;
}
