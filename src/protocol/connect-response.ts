import { bareRecord } from "../internal/bare-record.ts";
import {
  type Agreed,
  agreementLines,
  type OutgoingHeaders,
  plainText,
  refusalLines,
} from "./handshake-response.ts";
import { hasHeader } from "./raw-headers.ts";
import { trimWhitespace } from "./token.ts";

/** The head of an HTTP/2 response, in the shape that node:http2 takes. */
export type ConnectResponse = Record<string, string | number | string[]>;

/**
 * The response that completes an opening handshake over HTTP/2 (RFC 8441 §5): 200, and no key to answer.
 *
 * @throws UsageError `ERR_HEADER`, where `handshakeResponse` does.
 */
export function connectResponse(agreed: Agreed): ConnectResponse {
  return head(200, agreementLines(agreed));
}

/**
 * The head of the response that refuses an opening handshake over HTTP/2.
 *
 * @throws UsageError `ERR_INVALID_OPTION` and `ERR_HEADER`, where `refusalResponse` does.
 */
export function connectRefusal(
  status: number,
  o: { readonly headers?: OutgoingHeaders | undefined; readonly body?: string | undefined } = {},
): ConnectResponse {
  const lines = refusalLines(status, o.headers);
  if (!hasHeader(lines, "content-type")) lines.push("Content-Type", plainText);
  lines.push("Content-Length", String(Buffer.byteLength(o.body ?? "")));
  return head(status, lines);
}

/**
 * Headers that speak of one connection of HTTP/1 and are malformed in HTTP/2 (RFC 9113 §8.2.2), in
 * lower case.
 */
export const connectionHeaders: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
];

/** RFC 9113 §8.2: names in lower case, values without white space around them. */
function head(status: number, lines: readonly string[]): ConnectResponse {
  const response = bareRecord<string | number | string[]>();
  response[":status"] = status;
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at]!.toLowerCase();
    if (connectionHeaders.includes(name)) continue;
    const value = trimWhitespace(lines[at + 1]!);
    const before = response[name];
    if (before === undefined) response[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else response[name] = [String(before), value];
  }
  return response;
}
