import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import { connect as connectSecurely } from "node:tls";
import type { Case } from "./case.ts";
import { awaitAnswer, openSession, requestStream } from "./http2-opening.ts";
import { type Opening, openAsClient, openAsServer } from "./opening.ts";
import { type TesterOptions, runCase } from "./tester.ts";
import { type Verdict, neverOpened } from "./verdict.ts";

/** Runs a case as a client of the server at a `ws:` or `wss:` URL. */
export async function examineServer(
  given: Case,
  url: URL,
  options: TesterOptions,
): Promise<Verdict> {
  const secure = url.protocol === "wss:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(url.port) || (secure ? 443 : 80);
  const socket = secure
    ? connectSecurely({ host, port, servername: host })
    : connect({ host, port });
  socket.setNoDelay(true);
  const target = { host: url.host, path: `${url.pathname}${url.search}` };
  return runCase(
    given,
    socket,
    (demands) => openAsClient(socket, demands, target),
    "client",
    options,
  );
}

/** Runs a case as a client that asks the server over HTTP/2 (RFC 8441), in a session of its own. */
export async function examineServerOverHttp2(
  given: Case,
  url: URL,
  options: TesterOptions,
): Promise<Verdict> {
  let session: ClientHttp2Session | undefined;
  try {
    session = await openSession(url);
    const stream = requestStream(session, url, given.compression ?? []);
    const open: Opening = (demands) => awaitAnswer(stream, demands);
    return await runCase(given, stream, open, "client", options);
  } catch (error) {
    return neverOpened(given, String(error));
  } finally {
    session?.destroy();
  }
}

/** Runs a case as the server of the client at the other end of `socket`, which it has paused. */
export async function examineConnection(
  given: Case,
  socket: Socket,
  options: TesterOptions,
): Promise<Verdict> {
  socket.setNoDelay(true);
  return runCase(given, socket, (demands) => openAsServer(socket, demands), "server", options);
}

/** How long a client may take to connect, in milliseconds. */
const connectTimeout = 10_000;

/** Runs a case as the server of one client, which `start` has connect to a URL. */
export async function examineClient(
  given: Case,
  start: (url: string) => unknown,
  options: TesterOptions,
): Promise<Verdict> {
  const listener = await listen();
  try {
    const connected = once(listener, "connection", {
      signal: AbortSignal.timeout(connectTimeout),
    }) as Promise<[Socket]>;
    start(`ws://127.0.0.1:${(listener.address() as AddressInfo).port}/`);
    const [socket] = await connected;
    return await examineConnection(given, socket, options);
  } finally {
    listener.close();
  }
}

/** A listener on loopback whose sockets are read by whoever takes them. */
export async function listen(port = 0, host = "127.0.0.1"): Promise<Server> {
  const listener = createServer({ pauseOnConnect: true }).listen(port, host);
  await once(listener, "listening");
  return listener;
}
