import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { HandshakeError, UsageError } from "../errors.ts";
import { asksForWebSocket } from "../protocol/handshake.ts";
import { parseTarget } from "../protocol/target.ts";
import { quoted } from "../protocol/token.ts";
import { type Attachment, judge, type Upgrade } from "./attachment.ts";
import { refuse } from "./refusal.ts";

/** A server of node:http or node:https. */
export type AnyHttpServer = HttpServer | HttpsServer;

const known = new WeakMap<AnyHttpServer, Upgrades>();

/** Sockets that were handed to us: one that comes twice has two owners. */
const taken = new WeakSet<Socket>();

/**
 * The `upgrade` events of one HTTP server, shared by everything that is attached to it: each
 * handshake goes to the first attachment whose application has its path. What asks for another
 * protocol, or for a path that nobody here has, is left to whoever else listens.
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
    if (this.#attachments.push(attachment) === 1) this.#server.on("upgrade", this.#onUpgrade);
  }

  remove(attachment: Attachment): void {
    const index = this.#attachments.indexOf(attachment);
    if (index !== -1) this.#attachments.splice(index, 1);
    if (this.#attachments.length === 0) this.#server.off("upgrade", this.#onUpgrade);
  }

  readonly #onUpgrade = (request: IncomingMessage, duplex: Duplex, head: Buffer): void => {
    const socket = duplex as Socket;
    // Before anything else: a reset without a listener ends the process.
    socket.on("error", ignore);
    const others = this.#server.listenerCount("upgrade") > 1;
    const upgrade = { request, socket, head };
    if (this.#concerns(upgrade)) return this.#receive(upgrade, others);
    socket.off("error", ignore);
    if (!others) this.#answerPlainly(upgrade);
  };

  /** Whether a websocket is asked for; with too many headers nobody can tell any more. */
  #concerns({ request }: Upgrade): boolean {
    return asksForWebSocket(request.rawHeaders) || request.headers.upgrade === undefined;
  }

  #receive(upgrade: Upgrade, others: boolean): void {
    const { request, socket } = upgrade;
    const target = request.url ?? "";
    const path = parseTarget(target)?.path;
    const found = path === undefined ? undefined : this.#find(path);
    if (found === undefined && others) return void socket.off("error", ignore);
    if (taken.has(socket)) {
      throw new UsageError("ERR_ALREADY_ATTACHED", "this socket was upgraded before");
    }
    taken.add(socket);
    const { maxHeaders } = (found?.attachment ?? this.#attachments[0]!).limits;
    const handshake = judge(upgrade, maxHeaders);
    if (handshake instanceof HandshakeError) return refuse(socket, target, handshake);
    if (found === undefined) return refuse(socket, target, this.#noRoute(handshake.path));
    found.attachment.receive(upgrade, handshake, found.match);
  }

  /** The refusal of a path that nobody has; most often a slash at the end makes the difference. */
  #noRoute(path: string): HandshakeError {
    const other = path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
    const hint =
      other !== "" && this.#find(other) !== undefined ? `, but ${quoted(other)} does` : "";
    return new HandshakeError(
      "ERR_HANDSHAKE_ROUTE",
      404,
      `no route matches ${quoted(path)}${hint}`,
    );
  }

  #find(path: string) {
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
  #answerPlainly({ request, socket, head }: Upgrade): void {
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

function ignore(): void {}
