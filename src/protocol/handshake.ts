import { type ErrorCode, HandshakeError, UsageError } from "../errors.ts";
import { acceptKey, isValidKey } from "./accept-key.ts";
import { type ExtensionOffer, parseExtensions } from "./extension-offer.ts";
import { isHost } from "./origin.ts";
import { parseTarget } from "./target.ts";
import { isFieldValue, isToken, listElements, quoted, trimWhitespace } from "./token.ts";

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
  /** The client's Sec-WebSocket-Key, to be answered by {@link handshakeResponse}. */
  readonly key: string;
  /** The decoded and normalised path: `/` first, `%2F` and `%25` kept. */
  readonly path: string;
  /** The query as it was sent, without its `?`. */
  readonly query: string;
  /** The Host header, with its port if it has one. */
  readonly host: string;
  /** The Origin header, to be judged by `judgeOrigin`; undefined if the client is no browser. */
  readonly origin: string | undefined;
  /** What the client offers, in its order of preference, without duplicates. */
  readonly subprotocols: readonly string[];
  /** What the client offers, in its order of preference; unknown extensions included. */
  readonly extensions: readonly ExtensionOffer[];
}

/** Headers to send: a list as value makes one line each. */
export type OutgoingHeaders = Readonly<Record<string, string | readonly string[]>>;

/** The values of all lines called `name` (in lower case), in order, without the white space around them. */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === name)
      values.push(trimWhitespace(rawHeaders[at + 1] ?? ""));
  }
  return values;
}

/** Whether the list that the headers called `name` make together holds `element`, in any case. */
export function headerHolds(rawHeaders: readonly string[], name: string, element: string): boolean {
  return headerValues(rawHeaders, name)
    .flatMap(listElements)
    .some((candidate) => candidate.toLowerCase() === element);
}

/**
 * The extensions that the headers offer or agree to, all lines being one list (RFC 6455 §9.1);
 * undefined if it is malformed.
 */
export function headerExtensions(rawHeaders: readonly string[]): ExtensionOffer[] | undefined {
  const values = headerValues(rawHeaders, "sec-websocket-extensions");
  return values.length === 0 ? [] : parseExtensions(values.join(", "));
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
): Handshake | HandshakeError {
  const { httpVersion, rawHeaders, method, head } = request;
  const one = (name: string) => onlyOne(headerValues(rawHeaders, name));

  if (!isUpgradable(httpVersion)) {
    return refuse(
      "ERR_HANDSHAKE_HTTP_VERSION",
      `HTTP version ${quoted(httpVersion)} is lower than 1.1`,
      505,
    );
  }
  const lines = rawHeaders.length / 2;
  if (lines > maxHeaders) {
    return refuse(
      "ERR_HANDSHAKE_HEADERS",
      `${lines} header lines exceed the limit of ${maxHeaders}`,
      431,
    );
  }
  if (method !== "GET") {
    return refuse("ERR_HANDSHAKE_METHOD", `method ${quoted(method)} is not GET`, 405, {
      Allow: "GET",
    });
  }
  const host = one("host");
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
  if (one("sec-websocket-version") !== "13") {
    return refuse("ERR_HANDSHAKE_VERSION", "Sec-WebSocket-Version must be 13, once", 426, {
      "Sec-WebSocket-Version": "13",
      Upgrade: "websocket",
    });
  }
  const key = one("sec-websocket-key");
  if (key === undefined || !isValidKey(key)) {
    return refuse(
      "ERR_HANDSHAKE_KEY",
      "there must be exactly one Sec-WebSocket-Key, 16 bytes in base64",
    );
  }
  const forbidden = headerWithForbiddenBytes(rawHeaders);
  if (forbidden !== undefined) {
    return refuse(
      "ERR_HANDSHAKE_HEADERS",
      `header ${quoted(forbidden)} holds other bytes than visible ASCII`,
    );
  }
  const origins = headerValues(rawHeaders, "origin");
  if (origins.length > 1) {
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
  if (head !== undefined && !mayBeginFrame(head)) {
    return refuse(
      "ERR_HANDSHAKE_BODY",
      "what follows the opening handshake is not a client's frame",
    );
  }
  return { key, ...target, host, origin: origins[0], subprotocols, extensions };
}

/**
 * The 101 response that completes an opening handshake (RFC 6455 §4.2.2 item 5), ASCII throughout.
 *
 * @param o - `key`: the client's; `subprotocol`: the one chosen, if any; `extensions`: the agreed
 * list as `formatExtensions` writes it; `headers`: more of the application's own.
 * @throws UsageError `ERR_HEADER` for a malformed name or value, and for headers that belong to
 * the handshake itself.
 */
export function handshakeResponse(o: {
  readonly key: string;
  readonly subprotocol?: string | undefined;
  readonly extensions?: string | undefined;
  readonly headers?: OutgoingHeaders | undefined;
}): string {
  const lines = ["Upgrade", "websocket", "Connection", "Upgrade"];
  lines.push("Sec-WebSocket-Accept", acceptKey(o.key));
  if (o.subprotocol !== undefined) {
    if (!isToken(o.subprotocol)) {
      throw new UsageError("ERR_HEADER", `subprotocol ${quoted(o.subprotocol)} is not a token`);
    }
    lines.push("Sec-WebSocket-Protocol", o.subprotocol);
  }
  if (o.extensions) {
    lines.push("Sec-WebSocket-Extensions", checkedValue("Sec-WebSocket-Extensions", o.extensions));
  }
  lines.push(...checkedHeaders(o.headers));
  return responseHead(101, lines);
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
  if (!Number.isInteger(status) || status < 300 || status > 599) {
    const message = `status ${status} refuses nothing: it must be an integer from 300 to 599`;
    throw new UsageError("ERR_INVALID_OPTION", message);
  }
  const body = o.body ?? "";
  const lines = checkedHeaders(o.headers, refusalHeaders);
  const lacks = (name: string) => headerValues(lines, name).length === 0;
  if (status === 426 && lacks("upgrade")) lines.push("Upgrade", "websocket");
  lines.push("Connection", lacks("upgrade") ? "close" : "Upgrade, close");
  if (lacks("content-type")) lines.push("Content-Type", "text/plain; charset=utf-8");
  lines.push("Content-Length", String(Buffer.byteLength(body)));
  return responseHead(status, lines) + body;
}

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
      throw new UsageError("ERR_HEADER", `the handshake itself sets ${name}`);
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
  let text = `HTTP/1.1 ${status} ${reasonPhrases[status] ?? ""}\r\n`;
  for (let at = 0; at < lines.length; at += 2) text += `${lines[at]}: ${lines[at + 1]}\r\n`;
  return `${text}\r\n`;
}

function refuse(
  code: ErrorCode,
  message: string,
  status = 400,
  headers: Readonly<Record<string, string>> = {},
): HandshakeError {
  return new HandshakeError(code, status, message, headers);
}

/** Whether an HTTP version is 1.1 or higher (RFC 6455 §4.2.1 item 1). */
function isUpgradable(httpVersion: string): boolean {
  return /^\d\.\d$/.test(httpVersion) && Number(httpVersion) >= 1.1;
}

function onlyOne(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : undefined;
}

/** A lone `Content-Length: 0` announces nothing; two lengths, even equal ones, smell of smuggling. */
function carriesBody(rawHeaders: readonly string[]): boolean {
  const lengths = headerValues(rawHeaders, "content-length");
  return (
    (lengths.length > 0 && onlyOne(lengths) !== "0") ||
    headerValues(rawHeaders, "transfer-encoding").length > 0
  );
}

/**
 * The first header that decides about security and holds a byte which parsers read differently:
 * obs-text, or a control character that a lenient parser let through (RFC 9110 §5.5).
 */
function headerWithForbiddenBytes(rawHeaders: readonly string[]): string | undefined {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? "";
    const guarded = name.startsWith("sec-") || ["origin", "host", "cookie"].includes(name);
    if (guarded && !isFieldValue(rawHeaders[at + 1] ?? "")) return name;
  }
  return undefined;
}

/** At least one token, each once (RFC 6455 §4.1 item 10); repeated headers are one list (§11.3.4). */
function readSubprotocols(rawHeaders: readonly string[]): string[] | undefined {
  const values = headerValues(rawHeaders, "sec-websocket-protocol");
  if (values.length === 0) return [];
  const names = values.flatMap(listElements);
  const valid = names.length > 0 && names.every(isToken) && new Set(names).size === names.length;
  return valid ? names : undefined;
}

/**
 * Whether `head` may be the beginning of a client's first frame: no continuation, no reserved
 * opcode, masked (RFC 6455 §5.1, §5.2). A second HTTP request never looks like that, because its
 * second octet is ASCII. Reserved bits are left to the extensions.
 */
function mayBeginFrame(head: Uint8Array): boolean {
  const [first, second] = head;
  if (first === undefined) return true;
  return [0x1, 0x2, 0x8, 0x9, 0xa].includes(first & 0x0f) && (second ?? 0x80) >= 0x80;
}

/** Reason phrases (RFC 9110 §15, IANA); a status without one is sent without one (RFC 9112 §4). */
const reasonPhrases: Readonly<Record<number, string>> = {
  101: "Switching Protocols",
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
