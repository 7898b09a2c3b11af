import { HandshakeError, UsageError } from "../errors.ts";
import { acceptKey } from "./accept-key.ts";
import type { ExtensionOffer } from "./extension-offer.ts";
import { checkedHeaders, type OutgoingHeaders } from "./handshake-response.ts";
import { headerExtensions, headerHolds, headerValues } from "./raw-headers.ts";
import { isFieldValue, isToken, listElements, quoted } from "./token.ts";

/** What a client asks for in its opening handshake. */
export interface ClientHandshake {
  /** A fresh key from `newKey`. */
  readonly key: string;
  /** Subprotocols in the order of preference; each once. */
  readonly subprotocols?: readonly string[] | undefined;
  /** The offered extensions, as `formatExtensions` writes them. */
  readonly extensions?: string | undefined;
  /** More headers, such as Origin, Cookie or Authorization. */
  readonly headers?: OutgoingHeaders | undefined;
}

/** A server's answer to an opening handshake, as an HTTP parser has read it. */
export interface HandshakeAnswer {
  readonly status: number;
  /** Names and values by turns, in the shape of node's `rawHeaders`. */
  readonly rawHeaders: readonly string[];
}

/** What a client must remember of its request to judge the answer. */
export interface HandshakeQuestion {
  readonly key: string;
  readonly subprotocols?: readonly string[] | undefined;
  /** The names of the offered extensions. */
  readonly extensions?: readonly string[] | undefined;
}

/** What server and client agreed on. */
export interface Agreement {
  readonly subprotocol: string | undefined;
  /** In the server's order, which is the order of their layers (RFC 6455 §9.1). */
  readonly extensions: readonly ExtensionOffer[];
}

/**
 * The headers of a client's opening handshake (RFC 6455 §4.1): names and values by turns, in the
 * shape of node's `rawHeaders`. Host is missing: it belongs to whoever knows the URL.
 *
 * @throws UsageError `ERR_INVALID_OPTION` for subprotocols that are not different tokens,
 * `ERR_HEADER` for malformed headers and for those that belong to the handshake itself.
 */
export function clientHandshake(o: ClientHandshake): string[] {
  const subprotocols = o.subprotocols ?? [];
  if (!subprotocols.every(isToken) || new Set(subprotocols).size !== subprotocols.length) {
    throw new UsageError(
      "ERR_INVALID_OPTION",
      `subprotocols must be different tokens: ${quoted(subprotocols.join(", "))}`,
    );
  }
  if (o.extensions !== undefined && !isFieldValue(o.extensions)) {
    throw new UsageError("ERR_HEADER", "the value of Sec-WebSocket-Extensions is malformed");
  }
  const lines = ["Upgrade", "websocket", "Connection", "Upgrade"];
  lines.push("Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", o.key);
  if (subprotocols.length > 0) lines.push("Sec-WebSocket-Protocol", subprotocols.join(", "));
  if (o.extensions) lines.push("Sec-WebSocket-Extensions", o.extensions);
  lines.push(...checkedHeaders(o.headers));
  return lines;
}

/**
 * Judges a server's answer as a client must (RFC 6455 §4.1, from "Once the client's opening
 * handshake has been sent"): what was agreed on, or why the connection fails. Never throws.
 */
export function judgeResponse(
  answer: HandshakeAnswer,
  asked: HandshakeQuestion,
): Agreement | HandshakeError {
  const { status, rawHeaders } = answer;
  if (status !== 101) {
    return new HandshakeError("ERR_HANDSHAKE_STATUS", status, `the server answered ${status}`);
  }
  // The server may upgrade to nothing but what was asked: more elements would be more protocols.
  const upgrades = headerValues(rawHeaders, "upgrade").flatMap(listElements);
  if (upgrades.length !== 1 || upgrades[0]?.toLowerCase() !== "websocket") {
    return refuse("ERR_HANDSHAKE_UPGRADE", "the server's Upgrade header is not websocket");
  }
  if (!headerHolds(rawHeaders, "connection", "upgrade")) {
    return refuse("ERR_HANDSHAKE_UPGRADE", "the server's Connection header lacks Upgrade");
  }
  const accepts = headerValues(rawHeaders, "sec-websocket-accept");
  if (accepts.length !== 1 || accepts[0] !== acceptKey(asked.key)) {
    return refuse("ERR_HANDSHAKE_ACCEPT", "the server's Sec-WebSocket-Accept is not for our key");
  }
  const extensions = headerExtensions(rawHeaders);
  if (extensions === undefined) {
    return refuse("ERR_HANDSHAKE_EXTENSION", "the server's Sec-WebSocket-Extensions is malformed");
  }
  const foreign = extensions.find(({ name }) => !asked.extensions?.includes(name));
  if (foreign !== undefined) {
    return refuse(
      "ERR_HANDSHAKE_EXTENSION",
      `the server chose an extension that was not offered: ${quoted(foreign.name)}`,
    );
  }
  const subprotocols = headerValues(rawHeaders, "sec-websocket-protocol");
  const [subprotocol] = subprotocols;
  if (
    subprotocols.length > 1 ||
    (subprotocol !== undefined && !asked.subprotocols?.includes(subprotocol))
  ) {
    return refuse(
      "ERR_HANDSHAKE_SUBPROTOCOL",
      `the server chose a subprotocol that was not offered: ${quoted(subprotocols.join(", "))}`,
    );
  }
  return { subprotocol, extensions };
}

/** The status of an answer that switched protocols and still fails is the 101 that it came with. */
function refuse(
  code:
    | "ERR_HANDSHAKE_UPGRADE"
    | "ERR_HANDSHAKE_ACCEPT"
    | "ERR_HANDSHAKE_EXTENSION"
    | "ERR_HANDSHAKE_SUBPROTOCOL",
  message: string,
): HandshakeError {
  return new HandshakeError(code, 101, message);
}
