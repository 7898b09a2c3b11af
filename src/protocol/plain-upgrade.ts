import type { HandshakeRequest } from "./handshake.ts";
import { hasHeader, headerHolds } from "./raw-headers.ts";
import { isFieldValue, isToken, trimWhitespace } from "./token.ts";

const firstLetter = 0x47; // G

/**
 * Reads an opening handshake that lies whole and plain in the first bytes of a connection (RFC 6455
 * §4.1): what every client sends. Undefined for everything else, which an HTTP parser has to read: a
 * request in pieces, one that is no upgrade to a WebSocket or has a body, and whatever is unusual in
 * its grammar (RFC 9112). What is read here, a parser would read in the same way.
 *
 * @param maxSize - the most bytes that its head may have.
 */
export function readPlainUpgrade(bytes: Buffer, maxSize: number): HandshakeRequest | undefined {
  // One octet is enough to tell the preface of HTTP/2, and TLS where nobody expects it.
  if (bytes[0] !== firstLetter) return undefined;
  const text = bytes.toString("latin1", 0, maxSize);
  const end = text.indexOf("\r\n\r\n");
  const firstEnd = text.indexOf("\r\n");
  if (end === -1 || !isRequestLine(text, firstEnd)) return undefined;
  const rawHeaders: string[] = [];
  for (let at = firstEnd; at < end; ) {
    const start = at + 2;
    at = text.indexOf("\r\n", start);
    const colon = text.indexOf(":", start);
    if (colon === -1 || colon > at) return undefined;
    const name = text.slice(start, colon);
    // Read anew: a slice would keep the whole text for as long as somebody keeps the value.
    const value = trimWhitespace(bytes.toString("latin1", colon + 1, at));
    // A line that is folded, a space before the colon, a bare CR or LF: none of it passes.
    if (!isToken(name) || !isFieldValue(value)) return undefined;
    rawHeaders.push(name, value);
  }
  const isUpgrade =
    headerHolds(rawHeaders, "upgrade", "websocket") &&
    headerHolds(rawHeaders, "connection", "upgrade");
  if (!isUpgrade || hasHeader(rawHeaders, "content-length")) return undefined;
  if (hasHeader(rawHeaders, "transfer-encoding")) return undefined;
  const target = bytes.toString("latin1", 4, firstEnd - version.length);
  const head = bytes.subarray(end + 4);
  return { method: "GET", target, httpVersion: "1.1", rawHeaders, head };
}

/** Whether the line that ends at `end` is `GET /… HTTP/1.1`. */
function isRequestLine(text: string, end: number): boolean {
  const targetEnd = end - version.length;
  if (!text.startsWith("GET /") || !text.startsWith(version, targetEnd)) return false;
  const target = text.slice(4, targetEnd);
  return isFieldValue(target) && !/[ \t]/.test(target);
}

const version = " HTTP/1.1";
