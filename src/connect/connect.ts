import { type ClientRequest, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { UsageError } from "../errors.ts";
import { systemClock } from "../internal/clock.ts";
import { completeLimits } from "../internal/limits.ts";
import { nameOfKind } from "../internal/name-of-kind.ts";
import { OptionCheck } from "../internal/option-check.ts";
import { slowPolicies } from "../internal/send-options.ts";
import { newKey } from "../protocol/accept-key.ts";
import { clientHandshake } from "../protocol/client-handshake.ts";
import { completeCompression } from "../protocol/compression-options.ts";
import { deflateOffers } from "../protocol/deflate-negotiation.ts";
import { formatExtensions } from "../protocol/extension-offer.ts";
import { headerValues } from "../protocol/raw-headers.ts";
import { clientEngine } from "./client-engine.ts";
import { ClientLink } from "./client-link.ts";
import type { ClientSocket } from "./client-socket.ts";
import { Opening } from "./opening.ts";
import { type ConnectOptions, connectOptionNames, defaultClientLimits } from "./options.ts";

/** How large the head of the server's answer may be, in bytes. */
const maxHeaderSize = 16 * 1024;

/**
 * Connects to a WebSocket server. Resolves when the connection is open.
 *
 * ```ts
 * await using socket = await connect("ws://127.0.0.1:8000/chat/");
 * socket.send("hello");
 * for await (const message of socket) console.log(message);
 * ```
 *
 * @param url - of `ws:` or `wss:`; `http:` and `https:` are read as these. A name and a password in
 * it become an Authorization header.
 * @throws UsageError (as a rejection) for a URL or options that cannot be used.
 * @throws ConnectError (as a rejection) if the server cannot be reached, or does not answer in time.
 * @throws HandshakeError (as a rejection) if the server answers anything but what RFC 6455 §4.1 asks
 * for, with its status, headers and the beginning of its body. Redirects are not followed.
 */
export async function connect(
  url: string | URL,
  options: ConnectOptions = {},
): Promise<ClientSocket> {
  const check = new OptionCheck("connect");
  check.names(options, connectOptionNames, "connect(url, { … })");
  check.callable("onMessage", options.onMessage);
  if (options.slow !== undefined) check.oneOf("slow", options.slow, slowPolicies);
  const { clock = systemClock, headers, onMessage, signal, slow = "close", subprotocols } = options;
  const limits = completeLimits(options.limits, defaultClientLimits);
  const engine = clientEngine(clock, completeCompression(options.compression ?? false));
  const offers = engine.deflate === undefined ? [] : deflateOffers(engine.deflate);
  const target = parseUrl(url);
  const key = newKey();
  const extensions = formatExtensions(offers);
  const lines = clientHandshake({ key, subprotocols, extensions, headers });
  signal?.throwIfAborted();
  const request = prepare(target, lines, options);
  const asked = { key, subprotocols, extensions: offers.map(({ name }) => name) };
  const { handshakeTimeout } = limits;
  return new Promise((resolve, reject) => {
    const opening = new Opening(
      request,
      { asked, engine, handshakeTimeout, signal },
      {
        onOpened(opened) {
          const { href } = target;
          resolve(new ClientLink(opened, { url: href, engine, limits, slow, signal, onMessage }));
        },
        onFailed: reject,
      },
    );
    opening.start();
  });
}

/** A URL of ws: or wss:. Its fragment has no meaning there (RFC 6455 §3). */
function parseUrl(given: string | URL): URL {
  // A URL would be read of whatever has a text: of a function, too.
  if (typeof given !== "string" && !(given instanceof URL)) {
    const { webSocketUrl } = (given ?? {}) as { readonly webSocketUrl?: unknown };
    const hint = typeof webSocketUrl === "string" ? ": give its webSocketUrl" : "";
    throw new UsageError(
      "ERR_URL",
      `connect takes a URL, like "ws://127.0.0.1:8000/chat/", not ${nameOfKind(given)}${hint}`,
    );
  }
  let url: URL;
  try {
    url = new URL(given);
  } catch (cause) {
    throw new UsageError(
      "ERR_URL",
      'the URL to connect to cannot be parsed: it has to be whole, like "ws://127.0.0.1:8000/chat/"',
      {
        cause,
      },
    );
  }
  // As the WebSocket API does.
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.protocol === "https:") url.protocol = "wss:";
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw new UsageError("ERR_URL", `a client connects to ws: and wss:, not to ${url.protocol}`);
  }
  if (url.href.includes("#")) {
    throw new UsageError("ERR_URL", `a WebSocket URL has no fragment: ${url.hash || "#"}`);
  }
  return url;
}

/** Makes the request, which is sent later. Takes the credentials out of the URL. */
function prepare(url: URL, lines: string[], options: ConnectOptions): ClientRequest {
  const secure = url.protocol === "wss:";
  if (options.tls !== undefined && !secure) {
    throw new UsageError(
      "ERR_INVALID_OPTION",
      "connect has tls options for a URL that is not wss:",
    );
  }
  if (headerValues(lines, "host").length === 0) lines.unshift("Host", url.host);
  if (url.username !== "" || url.password !== "") {
    if (headerValues(lines, "authorization").length === 0) {
      lines.push("Authorization", basicCredentials(url));
    }
    url.username = "";
    url.password = "";
  }
  try {
    return (secure ? httpsRequest : httpRequest)({
      ...options.tls,
      // One connection each, unless somebody else sees to that.
      agent: options.agent ?? false,
      ...(secure && { ALPNProtocols: ["http/1.1"] }),
      // A server may hang up while we still read what it said before: node:net is not to answer that.
      ...{ allowHalfOpen: true },
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port,
      path: `${url.pathname}${url.search}`,
      headers: lines,
      maxHeaderSize,
    });
  } catch (cause) {
    const { message } = cause as Error;
    throw new UsageError("ERR_INVALID_OPTION", `connect cannot use its options: ${message}`, {
      cause,
    });
  }
}

/** RFC 7617 §2: name and password, joined by a colon. */
function basicCredentials({ username, password }: URL): string {
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(credentials).toString("base64")}`;
  } catch (cause) {
    throw new UsageError("ERR_URL", "the URL's credentials are not UTF-8", { cause });
  }
}
