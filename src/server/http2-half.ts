import type { Server as HttpServer } from "node:http";
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import { takeNewSockets } from "./new-sockets.ts";
import type { ServerLimits } from "./options.ts";
import { awaitPreface } from "./preface.ts";
import { translate } from "./translation.ts";

/** What a client may choose from in a TLS handshake (RFC 7301), best first. */
export const applicationProtocols: readonly string[] = ["h2", "http/1.1"];

/**
 * The HTTP/2 half of a server that listens for HTTP/1.1. Of the sockets that come in it takes those
 * whose clients speak HTTP/2: over TLS they have said so (ALPN), otherwise their first bytes do. All
 * others go on to HTTP/1.1, and so do plain requests, translated.
 */
export class Http2Half {
  /** Where extended CONNECT arrives, as `stream` events. It listens nowhere itself. */
  readonly server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  /** Sockets that have not said yet what they speak. */
  readonly #undecided = new Set<Socket>();
  readonly #sessionTimeout: number;
  #emptied: (() => void) | undefined;

  /** @param http1 - a server that does not listen yet. */
  constructor(http1: HttpServer | HttpsServer, limits: Required<ServerLimits>) {
    const { maxStreams, sessionTimeout } = limits;
    this.#sessionTimeout = sessionTimeout;
    this.server = createServer({
      settings: { enableConnectProtocol: true, maxConcurrentStreams: maxStreams },
      // Enough lines to be counted by our judge, who answers instead of breaking off.
      maxHeaderListPairs: Math.max(minHeaderPairs, limits.maxHeaders * 2),
      // Above it a session gets no new streams; each of them may have a quarter of it waiting.
      maxSessionMemory: Math.max(10, Math.ceil(maxStreams / 4)),
    });

    const pass = takeNewSockets(http1, (socket) => {
      if (!("alpnProtocol" in socket)) this.#tell(socket, http1.headersTimeout, pass);
      else if (socket.alpnProtocol === "h2") this.#take(socket);
      else pass(socket);
    });
    this.server.on("session", (session) => this.#watch(session, pass));
  }

  /** Says goodbye to all sessions (GOAWAY, RFC 9113 §6.8): their streams may end in peace. */
  goAway(): void {
    for (const session of this.#sessions) session.close();
  }

  /** Resolves when no session is left. */
  async emptied(): Promise<void> {
    if (this.#sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
  }

  /** Ends everything now. */
  destroy(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#undecided) socket.destroy();
  }

  #tell(socket: Socket, timeout: number, toHttp1: (socket: Socket) => void): void {
    const forget = (): void => void this.#undecided.delete(socket);
    this.#undecided.add(socket);
    socket.once("close", forget);
    awaitPreface(socket, timeout, (isHttp2) => {
      forget();
      socket.off("close", forget);
      if (isHttp2) return this.#take(socket);
      toHttp1(socket);
      socket.resume();
    });
  }

  #take(socket: Socket): void {
    // node:http lets a socket be half open; node:http2 ends those that are not told.
    socket.allowHalfOpen = false;
    this.server.emit("connection", socket);
  }

  #watch(session: ServerHttp2Session, toHttp1: (socket: Socket) => void): void {
    this.#sessions.add(session);
    session.once("close", () => {
      this.#sessions.delete(session);
      if (this.#sessions.size === 0) this.#emptied?.();
    });
    let streams = 0;
    const onStream: StreamListener = (stream, headers, _flags, rawHeaders) => {
      streams++;
      stream.once("close", () => streams--);
      if (headers[":method"] !== "CONNECT") translate(stream, headers, rawHeaders, toHttp1);
    };
    session.on("stream", onStream);
    // A stream takes care of itself; a session without one is nobody's.
    session.setTimeout(this.#sessionTimeout, () => {
      if (streams === 0) session.close();
    });
  }
}

type StreamListener = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: readonly string[],
) => void;

/** Cookies come in many lines. */
const minHeaderPairs = 256;
