import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { type Agreement, type Demand, offerAll, readAnswer } from "./compression.ts";

/** How long the server may take for each of its answers, in milliseconds. */
const patience = 10_000;

/**
 * A session of HTTP/2 with a server that takes WebSockets over it. It says so in its settings, for
 * which a client has to wait (RFC 8441 §3).
 *
 * @throws Error when there is no such server
 */
export async function openSession(url: URL): Promise<ClientHttp2Session> {
  const scheme = url.protocol === "wss:" ? "https" : "http";
  const session = connect(`${scheme}://${url.host}`);
  try {
    await once(session, "remoteSettings", { signal: AbortSignal.timeout(patience) });
    // From here on it is the stream whose end is looked at.
    session.on("error", () => {});
    if (session.remoteSettings.enableConnectProtocol) return session;
    throw new Error("its settings do not allow WebSockets over HTTP/2");
  } catch (error) {
    session.on("error", () => {}).destroy();
    throw error;
  }
}

/** Asks for a WebSocket with an extended CONNECT (RFC 8441 §5). */
export function requestStream(
  session: ClientHttp2Session,
  url: URL,
  demands: readonly Demand[],
): ClientHttp2Stream {
  return session.request(
    {
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":scheme": url.protocol === "wss:" ? "https" : "http",
      ":authority": url.host,
      ":path": `${url.pathname}${url.search}`,
      "sec-websocket-version": "13",
      ...(demands.length > 0 && { "sec-websocket-extensions": offerAll(demands) }),
    },
    { endStream: false },
  );
}

/**
 * Waits for the answer to {@link requestStream}.
 *
 * @throws Error when it is not the one that was asked for, or takes too long
 */
export async function awaitAnswer(
  stream: ClientHttp2Stream,
  demands: readonly Demand[],
): Promise<Agreement | undefined> {
  const [headers] = (await once(stream, "response", {
    signal: AbortSignal.timeout(patience),
  })) as [Record<string, string | number | undefined>];
  if (headers[":status"] !== 200) throw new Error(`refused with status ${headers[":status"]}`);
  if (headers["sec-websocket-protocol"] !== undefined) {
    throw new Error("a protocol that nobody offered");
  }
  const answer = headers["sec-websocket-extensions"];
  if (answer !== undefined && demands.length === 0) {
    throw new Error("an extension that nobody offered");
  }
  return readAnswer(answer === undefined ? undefined : String(answer), demands);
}
