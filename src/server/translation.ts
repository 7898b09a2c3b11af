import { type ClientRequest, type IncomingMessage, request as ask } from "node:http";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import { withoutPseudoHeaders } from "../protocol/connect-handshake.ts";
import { connectionHeaders } from "../protocol/connect-response.ts";

/** Takes a connection of HTTP/1.1. */
export type Listener = (socket: Socket) => void;

/**
 * Puts a plain HTTP/2 request to a listener of HTTP/1.1, over a connection in memory, and passes the
 * answer back: what a proxy in front would do. So one listener answers both versions, also one that
 * relies on the classes of node:http as Express does.
 */
export function translate(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
  listener: Listener,
): void {
  const [near, far] = duplexPair();
  stream.on("error", ignore);
  near.on("error", ignore);
  far.on("error", ignore);
  let request: ClientRequest;
  try {
    request = ask({
      createConnection: () => near as Socket,
      method: headers[":method"] ?? "",
      path: headers[":path"] ?? "",
      headers: requestHeaders(rawHeaders, stream.endAfterHeaders),
      setHost: false,
    });
  } catch {
    // What node:http does not send, nobody shall read.
    stream.respond({ ":status": 400 }, { endStream: true });
    return;
  }
  // The listener may end before the client does, and the other way round.
  request.on("error", () => {
    if (!stream.writableEnded) stream.close(internalError);
  });
  request.on("continue", () => {
    if (!stream.headersSent && !stream.destroyed) stream.additionalHeaders({ ":status": 100 });
  });
  request.on("response", (response) => answer(stream, response));
  // A side of the pair does not notice when the other one breaks.
  far.on("close", () => {
    if (!far.writableFinished) near.destroy();
  });
  near.on("close", () => far.destroy());
  // RFC 9113 §8.1: who has the whole answer need not send the rest of the question.
  stream.on("finish", () => stream.close());
  stream.on("close", () => request.destroy());
  // Node waits for what nobody will read, if the client resets a stream and calls that no error.
  stream.on("aborted", () => queueMicrotask(() => stream.destroy()));
  listener(asSocket(far, stream));
  // The listener may answer before there is a body.
  request.flushHeaders();
  stream.pipe(request, { end: false });
  // A stream that is reset ends, too; half a body must not pass for a whole one.
  stream.on("end", () => {
    if (!stream.closed) request.end();
  });
}

/** RFC 9113 §7. */
const internalError = 0x2;

function answer(stream: ServerHttp2Stream, response: IncomingMessage): void {
  if (stream.destroyed || stream.closed) return;
  const headers: Record<string, string | string[] | number> = {
    ":status": response.statusCode ?? 500,
  };
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    if (values === undefined || connectionHeaders.includes(name)) continue;
    headers[name] = values.length === 1 ? values[0]! : values;
  }
  stream.respond(headers);
  response.on("error", () => stream.close(internalError));
  response.pipe(stream);
}

/** The headers for HTTP/1.1. A body without a length has to be framed, or it would be read as a request. */
function requestHeaders(rawHeaders: readonly string[], empty: boolean): Record<string, string[]> {
  const headers: Record<string, string[]> = { connection: ["close"] };
  const lines = withoutPseudoHeaders(rawHeaders);
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const name = lines[at]!;
    const value = lines[at + 1]!;
    if (connectionHeaders.includes(name)) continue;
    // RFC 9113 §8.2.3: the parts of a cookie are one line again.
    if (name === "cookie" && headers[name] !== undefined)
      headers[name] = [`${headers[name][0]}; ${value}`];
    else (headers[name] ??= []).push(value);
  }
  if (!empty && headers["content-length"] === undefined) headers["transfer-encoding"] = ["chunked"];
  return headers;
}

/** The end in memory, with what listeners ask of a socket. */
function asSocket(far: Duplex, stream: ServerHttp2Stream): Socket {
  const { remoteAddress, remotePort, remoteFamily, localAddress, localPort } =
    stream.session?.socket ?? {};
  const encrypted = stream.session?.encrypted === true;
  const same = (): Duplex => far;
  return Object.assign(far, {
    ...{ remoteAddress, remotePort, remoteFamily, localAddress, localPort, encrypted },
    ...{ setTimeout: same, setNoDelay: same, setKeepAlive: same, ref: same, unref: same },
  }) as unknown as Socket;
}

function ignore(): void {}
