import { UsageError } from "../errors.ts";
import { acceptKey } from "./accept-key.ts";
import { hasHeader } from "./raw-headers.ts";
import { isFieldValue, isToken, quoted } from "./token.ts";

/** Headers to send: a list as value makes one line each. */
export type OutgoingHeaders = Readonly<Record<string, string | readonly string[]>>;

/** What completes an opening handshake, whatever the version of HTTP. */
export interface Agreed {
  /** The one that was chosen, if any. */
  readonly subprotocol?: string | undefined;
  /** The agreed list, as `formatExtensions` writes it. */
  readonly extensions?: string | undefined;
  /** More headers, of the application's own. */
  readonly headers?: OutgoingHeaders | undefined;
}

/**
 * The 101 response that completes an opening handshake (RFC 6455 §4.2.2 item 5), ASCII throughout.
 *
 * @param o - `key`: the client's, and what was agreed on.
 * @throws UsageError `ERR_HEADER` for a malformed name or value, and for headers that belong to
 * the handshake itself.
 */
export function handshakeResponse(o: Agreed & { readonly key: string }): string {
  return `${switchingProtocols}${acceptKey(o.key)}\r\n${fieldLines(agreementLines(o))}\r\n`;
}

/**
 * The whole HTTP/1.1 response that refuses an opening handshake, body included, to be written as
 * UTF-8. The connection ends with it. With an Upgrade header, which a 426 gets by itself, it says
 * so in Connection too (RFC 9110 §7.8).
 *
 * @param status - from 300 to 599.
 * @param o - `headers`: may hold Upgrade and Sec-WebSocket-Version, which refusals carry;
 * `body`: text, sent as `text/plain` unless `headers` say otherwise.
 * @throws UsageError `ERR_INVALID_OPTION` for another status, `ERR_HEADER` for a malformed header
 * and for those that belong to the handshake itself.
 */
export function refusalResponse(
  status: number,
  o: {
    readonly headers?: OutgoingHeaders | undefined;
    readonly body?: string | undefined;
  } = {},
): string {
  const body = o.body ?? "";
  const lines = refusalLines(status, o.headers);
  const lacks = (name: string) => !hasHeader(lines, name);
  if (status === 426 && lacks("upgrade")) lines.push("Upgrade", "websocket");
  lines.push("Connection", lacks("upgrade") ? "close" : "Upgrade, close");
  if (lacks("content-type")) lines.push("Content-Type", plainText);
  lines.push("Content-Length", String(Buffer.byteLength(body)));
  return responseHead(status, lines) + body;
}

// What both versions of HTTP write in the same headers, as names and values by turns.

/**
 * What was agreed on, and the application's headers.
 * @throws UsageError `ERR_HEADER`
 * @internal
 */
export function agreementLines(o: Agreed): string[] {
  const lines: string[] = [];
  if (o.subprotocol !== undefined) {
    if (!isToken(o.subprotocol)) {
      throw new UsageError("ERR_HEADER", `subprotocol ${quoted(o.subprotocol)} is not a token`);
    }
    lines.push("Sec-WebSocket-Protocol", o.subprotocol);
  }
  if (o.extensions) {
    lines.push("Sec-WebSocket-Extensions", checkedValue("Sec-WebSocket-Extensions", o.extensions));
  }
  if (o.headers !== undefined) lines.push(...checkedHeaders(o.headers));
  return lines;
}

/**
 * The application's headers of a refusal.
 * @throws UsageError `ERR_INVALID_OPTION` for a status that refuses nothing, `ERR_HEADER`
 * @internal
 */
export function refusalLines(status: number, headers: OutgoingHeaders | undefined): string[] {
  if (!Number.isInteger(status) || status < 300 || status > 599) {
    const message = `status ${status} refuses nothing: it must be an integer from 300 to 599`;
    throw new UsageError("ERR_INVALID_OPTION", message);
  }
  return checkedHeaders(headers, refusalHeaders);
}

/** What the body of a refusal is, unless its headers say otherwise. @internal */
export const plainText = "text/plain; charset=utf-8";

/**
 * Application headers as names and values by turns, ready to be written.
 *
 * @param permitted - names (in lower case) that may be set although the handshake owns them.
 * @throws UsageError `ERR_HEADER` for a malformed name or value and for the handshake's own headers.
 */
export function checkedHeaders(
  headers: OutgoingHeaders = {},
  permitted: readonly string[] = [],
): string[] {
  const lines: string[] = [];
  for (const [name, values] of Object.entries(headers)) {
    if (!isToken(name)) {
      throw new UsageError("ERR_HEADER", `${quoted(name)} cannot be the name of a header`);
    }
    if (isOwn(name.toLowerCase()) && !permitted.includes(name.toLowerCase())) {
      throw new UsageError("ERR_HEADER", `the handshake itself sets ${name}: leave it out`);
    }
    for (const value of [values].flat()) lines.push(name, checkedValue(name, value));
  }
  return lines;
}

/** What a refusal may carry of the handshake's own headers (RFC 6455 §4.2.2, §4.4). */
const refusalHeaders: readonly string[] = ["upgrade", "sec-websocket-version"];

/** Whether the handshake alone sets the header `name`: one more would contradict it or frame a body. */
function isOwn(name: string): boolean {
  return (
    ["upgrade", "connection", "content-length", "transfer-encoding"].includes(name) ||
    name.startsWith("sec-websocket-")
  );
}

/** The value is not named: it may be a cookie. */
function checkedValue(name: string, value: string): string {
  if (typeof value === "string" && isFieldValue(value)) return value;
  const message = `the value of ${name} must be a string of visible ASCII, spaces and tabs`;
  throw new UsageError("ERR_HEADER", message);
}

function responseHead(status: number, lines: readonly string[]): string {
  return `HTTP/1.1 ${status} ${reasonPhrases[status] ?? ""}\r\n${fieldLines(lines)}\r\n`;
}

function fieldLines(lines: readonly string[]): string {
  let text = "";
  for (let at = 0; at < lines.length; at += 2) text += `${lines[at]}: ${lines[at + 1]}\r\n`;
  return text;
}

/** The 101 response up to the value of Sec-WebSocket-Accept. */
const switchingProtocols =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";

/** Reason phrases (RFC 9110 §15, IANA); a status without one is sent without one (RFC 9112 §4). */
const reasonPhrases: Readonly<Record<number, string>> = {
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  423: "Locked",
  424: "Failed Dependency",
  425: "Too Early",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  507: "Insufficient Storage",
  508: "Loop Detected",
  511: "Network Authentication Required",
};
