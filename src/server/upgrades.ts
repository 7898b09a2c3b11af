import type { IncomingMessage, Server as HttpServer } from "node:http";
import type {
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Stream,
} from "node:http2";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { SocketTransport } from "../connection/socket-transport.ts";
import { HandshakeError, UsageError } from "../errors.ts";
import { connectsWebSocket } from "../protocol/connect-handshake.ts";
import { asksForWebSocket } from "../protocol/handshake.ts";
import { parseTarget } from "../protocol/target.ts";
import { quoted } from "../protocol/token.ts";
import type { Attachment } from "./attachment.ts";
import { ConnectOpening } from "./connect-opening.ts";
import type { Opening } from "./opening.ts";
import { UpgradeOpening } from "./upgrade-opening.ts";

/** A server of node:http, node:https or node:http2. */
export type AnyHttpServer = HttpServer | HttpsServer | Http2Server | Http2SecureServer;

const known = new WeakMap<AnyHttpServer, Upgrades>();

/**
 * The opening handshakes of one HTTP server, shared by everything that is attached to it: each goes to
 * the first attachment whose application has its path. What asks for another protocol, or for a path
 * that nobody here has, is left to whoever else listens.
 */
export class Upgrades {
  readonly #server: AnyHttpServer;
  readonly #attachments: Attachment[] = [];

  /** The one for a server; made when it is needed, gone with the last attachment. */
  static of(server: AnyHttpServer): Upgrades {
    let upgrades = known.get(server);
    if (upgrades === undefined) {
      upgrades = new Upgrades(server);
      known.set(server, upgrades);
    }
    return upgrades;
  }

  private constructor(server: AnyHttpServer) {
    this.#server = server;
  }

  add(attachment: Attachment): void {
    if (this.#attachments.push(attachment) > 1) return;
    this.#server.on("upgrade", this.#onUpgrade);
    if (!isHttp2(this.#server)) return;
    this.#server.on("stream", this.#onStream).on("connect", this.#onConnect);
  }

  remove(attachment: Attachment): void {
    const index = this.#attachments.indexOf(attachment);
    if (index !== -1) this.#attachments.splice(index, 1);
    if (this.#attachments.length > 0) return;
    this.#server.off("upgrade", this.#onUpgrade);
    this.#server.off("stream", this.#onStream).off("connect", this.#onConnect);
  }

  readonly #onUpgrade = (request: IncomingMessage, duplex: Duplex, head: Buffer): void => {
    const socket = duplex as Socket;
    // Before anything else: a reset without a listener ends the process.
    socket.on("error", ignore);
    const others = this.#server.listenerCount("upgrade") > 1;
    // With too many headers nobody can tell any more what is asked for.
    if (asksForWebSocket(request.rawHeaders) || request.headers.upgrade === undefined) {
      if (!this.#isOurs(request.url, socket, others)) return void socket.off("error", ignore);
      const { method = "", url = "", httpVersion, rawHeaders } = request;
      const asked = { method, target: url, httpVersion, rawHeaders, head };
      return this.receive(new UpgradeOpening(asked, socket, new SocketTransport(socket)));
    }
    socket.off("error", ignore);
    if (!others) this.#answerPlainly(request, socket, head);
  };

  /** RFC 8441 §4: over HTTP/2 a handshake is a request of its own kind, an extended CONNECT. */
  readonly #onStream = (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    _flags: number,
    rawHeaders: string[],
  ): void => {
    if (headers[":method"] !== "CONNECT" || stream.headersSent) return;
    const others = this.#othersTakeStreams;
    if (!connectsWebSocket(rawHeaders) && others) return;
    stream.on("error", ignore);
    const opening = new ConnectOpening(stream, rawHeaders);
    if (this.#isOurs(opening.target, stream, others)) this.receive(opening);
    else stream.off("error", ignore);
  };

  /** Node itself refuses every CONNECT that nobody listens for. */
  readonly #onConnect = (request: { readonly httpVersionMajor: number }, socket: unknown): void => {
    const alone = this.#server.listenerCount("connect") === 1;
    if (alone && request.httpVersionMajor === 1) (socket as Socket).destroy();
  };

  /** Whether somebody else answers streams: apart from us, and from node for its `request` event. */
  get #othersTakeStreams(): boolean {
    const server = this.#server;
    const ours = server.listenerCount("request") > 0 ? 2 : 1;
    return server.listenerCount("stream") > ours || server.listenerCount("connect") > 1;
  }

  /** Answers an opening handshake that nobody else may want. */
  receive(opening: Opening): void {
    const found = this.#find(opening.target);
    const { maxHeaders } = (found?.attachment ?? this.#attachments[0]!).limits;
    const handshake = opening.judge(maxHeaders);
    if (handshake instanceof HandshakeError) opening.refuse(handshake);
    else if (found === undefined) this.#refuseUnrouted(opening, handshake.path);
    else found.attachment.receive(opening, handshake, found.match);
  }

  /** Whether it is ours to answer what asks for this target. */
  #isOurs(target: string | undefined, from: Duplex, others: boolean): boolean {
    if (others && this.#find(target ?? "") === undefined) return false;
    // What is ours keeps its listener: one that comes twice has two owners.
    if (from.listenerCount("error", ignore) > 1) {
      throw new UsageError("ERR_ALREADY_ATTACHED", "this socket was upgraded before");
    }
    return true;
  }

  /**
   * Refuses a path that nobody has. Most often a slash at the end makes the difference; a browser shows
   * nobody the answer, so then the log says it, too.
   */
  #refuseUnrouted(opening: Opening, path: string): void {
    const other = path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
    const near = other === "" ? undefined : this.#at(other);
    const hint = near === undefined ? "" : `, but ${quoted(other)} does`;
    const message = `no route matches ${quoted(path)}${hint}`;
    near?.attachment.missed(path, message);
    opening.refuse(new HandshakeError("ERR_HANDSHAKE_ROUTE", 404, message));
  }

  /** Who has the path of a target. */
  #find(target: string) {
    const path = parseTarget(target)?.path;
    return path === undefined ? undefined : this.#at(path);
  }

  #at(path: string) {
    for (const attachment of this.#attachments) {
      const match = attachment.match(path);
      if (match !== undefined) return { attachment, match };
    }
    return undefined;
  }

  /**
   * RFC 9110 §7.8: a server may ignore an `Upgrade` that it does not know. By then node:http has let
   * go of the socket, so the request goes in at the front again, without that header.
   */
  #answerPlainly(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { method, url, httpVersion, rawHeaders } = request;
    let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const name = rawHeaders[i]!.toLowerCase();
      if (name !== "upgrade") text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
    }
    socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, "latin1"), head]));
    this.#server.emit("encrypted" in socket ? "secureConnection" : "connection", socket);
  }
}

/** Only a server of HTTP/2 has settings. */
function isHttp2(server: AnyHttpServer): boolean {
  return "updateSettings" in server;
}

function ignore(): void {}
