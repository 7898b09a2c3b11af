import { once } from "node:events";
import {
  createServer,
  type RequestListener,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import {
  createServer as createTlsServer,
  type Server as HttpsServer,
  type ServerOptions as TlsOptions,
} from "node:https";
import { type AddressInfo, type ListenOptions, Server as NetServer, type Socket } from "node:net";
import type { Scope } from "../application/scope.ts";
import { UsageError } from "../errors.ts";
import { systemClock } from "../internal/clock.ts";
import type { Logger } from "../internal/logger.ts";
import { oneProcess } from "../internal/one-process.ts";
import { OptionCheck } from "../internal/option-check.ts";
import type { ChannelLayer } from "../layers/channel-layer.ts";
import { isMemoryLayer, memoryLayer } from "../layers/memory.ts";
import { parseTarget } from "../protocol/target.ts";
import { Answers } from "./answers.ts";
import { Attachment } from "./attachment.ts";
import { connectionRoom } from "./descriptors.ts";
import { publish } from "./diagnostics.ts";
import { applicationProtocols, Http2Half } from "./http2-half.ts";
import {
  checkOptions,
  type CloseOptions,
  type WebSocketOptions,
  webSocketOptionNames,
} from "./options.ts";
import { Reception } from "./reception.ts";
import { refuse } from "./refusal.ts";
import { stderrLogger } from "./stderr-logger.ts";
import { Upgrades } from "./upgrades.ts";

/** Options of {@link serve}. */
export interface ServeOptions<S extends Scope = Scope> extends WebSocketOptions<S> {
  /** What answers plain HTTP: an Express or Fastify app, any listener of node:http. */
  readonly http?: RequestListener;
  /** What consumers have as `this.layer`. @defaultValue a memory layer of its own */
  readonly layer?: ChannelLayer;
  /** @defaultValue 8000; 0 takes a free one */
  readonly port?: number;
  /** The address to listen at. @defaultValue "127.0.0.1", for nobody but this machine */
  readonly host?: string;
  /** Anything else that `net.Server.listen` takes: `path` for a Unix socket, `backlog`, … */
  readonly listen?: ListenOptions;
  /** Makes it a server of https and wss: `key`, `cert` and what else node:https takes. */
  readonly tls?: TlsOptions;
  /**
   * Whether clients may speak HTTP/2, too, on the same port: over TLS they choose (ALPN), in cleartext
   * they have to know. WebSockets then come over it as RFC 8441 says; `http` goes on to get HTTP/1.1
   * requests, into which others are translated. @defaultValue false
   */
  readonly http2?: boolean;
}

/** A server that is listening. */
export interface Server extends AsyncDisposable {
  /** Where it listens, as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** The same as `ws://` or `wss://`. */
  readonly webSocketUrl: string;
  readonly port: number;
  /** WebSocket connections that are open. */
  readonly connections: number;
  /** Drains; see {@link CloseOptions}. A layer that was handed in stays open. A second call means now. */
  close(options?: CloseOptions): Promise<void>;
}

/** The names of {@link ServeOptions}. */
export const serveOptionNames: readonly string[] = [
  ...webSocketOptionNames,
  "http",
  "port",
  "host",
  "listen",
  "tls",
  "http2",
];

/**
 * Serves WebSockets, and plain HTTP beside them, on a port of its own. Resolves when it listens.
 *
 * @throws UsageError (as a rejection) for options that cannot be used, and `ERR_LISTEN`, with the
 * system's error as its cause, if it cannot listen.
 */
export async function serve<S extends Scope>(options: ServeOptions<S>): Promise<Server> {
  checkOptions("serve", options as unknown as WebSocketOptions, serveOptionNames);
  const check = new OptionCheck("serve");
  check.callable("http", options.http, "a function (request, response)");
  const { port: wanted = 0 } = options;
  // NaN is what a variable of the environment is that nobody has set.
  check.whole("port", wanted, 0, 65_535);
  const log = options.log ?? stderrLogger;
  const layer =
    options.layer ??
    memoryLayer({
      clock: options.clock ?? systemClock,
      onError: (error) => log.error({ error }, "a member of the channel layer failed"),
    });
  const attachment = new Attachment("serve", options as unknown as WebSocketOptions, layer);
  const http = options.http ?? ((request, response) => answer(attachment, request.url, response));
  const answers = new Answers();
  const listener: RequestListener = (request, response) => {
    answers.add(request.socket, response);
    if (attachment.draining) response.setHeader("Connection", "close");
    return http(request, response);
  };
  const server = createHttpServer(options, listener);
  const half = options.http2 === true ? new Http2Half(server, attachment.limits) : undefined;
  const handshaking = options.tls === undefined ? undefined : trackSockets(server);
  server.on("clientError", (error, socket) => onClientError(error, socket as Socket, answers));
  boundConnections(server, log);
  const listening = half === undefined ? [server] : [server, half.server];
  for (const one of listening) Upgrades.of(one).add(attachment);
  const reception = new Reception(server, (opening) => Upgrades.of(server).receive(opening));

  const { port = 8000, host = "127.0.0.1" } = options;
  // To node:net a port is stronger than a path.
  const place = options.listen?.path === undefined ? { port, host } : {};
  await listen(server, { ...place, ...options.listen });

  const address = server.address();
  const origin = originOf(address, host);
  const secure = options.tls !== undefined;

  const closeAll = (): void => {
    server.closeAllConnections();
    reception.destroy();
    half?.destroy();
    for (const socket of handshaking ?? []) socket.destroy();
  };
  let closing: Promise<void> | undefined;
  const close = async (how: CloseOptions = {}): Promise<void> => {
    const drained = attachment.close(how);
    if (closing !== undefined) closeAll();
    closing ??= shutDown({ server, half, drained, answers, closeAll }, how).then(async () => {
      for (const one of listening) Upgrades.of(one).remove(attachment);
      if (options.layer === undefined) await layer.close();
    });
    await closing;
  };

  const made: Server & { readonly [oneProcess]: boolean } = {
    url: `${secure ? "https" : "http"}://${origin}`,
    webSocketUrl: `${secure ? "wss" : "ws"}://${origin}`,
    port: isAddress(address) ? address.port : 0,
    get connections() {
      return attachment.connections;
    },
    close,
    [Symbol.asyncDispose]: () => close(),
    [oneProcess]: isMemoryLayer(layer),
  };
  return made;
}

/** How often the log tells that connections are dropped, in milliseconds. */
const dropReport = 1_000;

/** Has connections dropped where they can be counted, before the system drops them without a word. */
function boundConnections(server: AnyHttpServer, log: Logger): void {
  const room = connectionRoom();
  if (room === undefined) return;
  server.maxConnections = room;
  let told = Number.NEGATIVE_INFINITY;
  server.on("drop", (dropped) => {
    publish("sluice:connection.drop", { address: dropped?.remoteAddress, connections: room });
    const now = systemClock.now();
    if (now - told < dropReport) return;
    told = now;
    log.error({ connections: room }, "connections are dropped: there are no file descriptors left");
  });
}

type AnyHttpServer = HttpServer | HttpsServer;

function createHttpServer(
  { tls, http2 }: Pick<ServeOptions, "tls" | "http2">,
  listener: RequestListener,
): AnyHttpServer {
  if (http2 !== undefined && typeof http2 !== "boolean") {
    const given = JSON.stringify(http2);
    throw new UsageError("ERR_INVALID_OPTION", `http2 is ${given}: it has to be true or false`);
  }
  if (tls === undefined) return createServer(listener);
  const chosen = http2 !== true || tls.ALPNCallback !== undefined;
  const choice = chosen ? {} : { ALPNProtocols: [...applicationProtocols] };
  try {
    return createTlsServer({ ...choice, ...tls }, listener);
  } catch (cause) {
    const { message } = cause as Error;
    throw new UsageError("ERR_INVALID_OPTION", `the option tls cannot be used: ${message}`, {
      cause,
    });
  }
}

/** Answers plain HTTP where nobody else does. */
function answer(
  attachment: Attachment,
  target: string | undefined,
  response: ServerResponse,
): void {
  const path = parseTarget(target ?? "")?.path;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  if (path !== undefined && attachment.match(path) !== undefined) {
    // RFC 9110 §15.5.22: a 426 says what to upgrade to.
    const last = attachment.draining || !response.shouldKeepAlive;
    response.statusCode = 426;
    response.setHeader("Upgrade", "websocket");
    response.setHeader("Connection", last ? "Upgrade, close" : "Upgrade");
    response.end("This is the address of a WebSocket.\n");
  } else {
    response.statusCode = 404;
    response.end("Not found.\n");
  }
}

/** What node:http could not parse gets an answer that says why, if it can still be given. */
function onClientError(error: Error & { code?: string }, socket: Socket, answers: Answers): void {
  const late = answers.began(socket);
  if (late || error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  refuse(socket, "", { status: clientErrors[error.code ?? ""] ?? 400 });
}

const clientErrors: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

async function listen(server: AnyHttpServer, where: ListenOptions): Promise<void> {
  const at = where.path ?? `${where.host}:${where.port}`;
  try {
    server.listen(where);
    await once(server, "listening");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === "EADDRINUSE"
        ? "something else listens there already; end that, or take another port (0 is any that is free)"
        : code === "EACCES"
          ? "that takes more rights than this process has"
          : (cause as Error).message;
    throw new UsageError("ERR_LISTEN", `cannot listen at ${at}: ${why}`, { cause });
  }
}

/** The sockets of a TLS server: node:https forgets those that have not said a word of TLS. */
function trackSockets(server: AnyHttpServer): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

/** What has to end with a server. */
interface Ending {
  readonly server: AnyHttpServer;
  readonly half: Http2Half | undefined;
  readonly drained: Promise<void>;
  readonly answers: Answers;
  readonly closeAll: () => void;
}

async function shutDown(
  { server, half, drained, answers, closeAll }: Ending,
  { timeout = 30_000 }: CloseOptions,
): Promise<void> {
  const deadline = systemClock.now() + timeout;
  half?.goAway();
  await drained;
  // Plain requests under way have what is left of the time; who asked for nothing has none.
  // node:http would destroy sockets whose answer has ended but not left; node:net only stops to listen.
  const closed = new Promise<void>((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
  const left = Math.max(0, deadline - systemClock.now());
  const lift = systemClock.after(left, closeAll);
  // Those that have come meanwhile.
  half?.goAway();
  await Promise.all([answers.finished(), half?.emptied()]);
  closeAll();
  await closed;
  lift();
  // What is left is a timer of node:http.
  (server as HttpServer).close();
}

function originOf(address: AddressInfo | string | null, host: string): string {
  if (!isAddress(address)) return typeof address === "string" ? address : host;
  const wildcard = address.address === "::" || address.address === "0.0.0.0";
  const name = wildcard ? "127.0.0.1" : address.address;
  return `${name.includes(":") ? `[${name}]` : name}:${address.port}`;
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}
