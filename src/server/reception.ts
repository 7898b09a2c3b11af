import { maxHeaderSize, type Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import { SocketTransport } from "../connection/socket-transport.ts";
import type { TransportSink } from "../connection/transport.ts";
import { systemClock } from "../internal/clock.ts";
import { readPlainUpgrade } from "../protocol/plain-upgrade.ts";
import { takeNewSockets } from "./new-sockets.ts";
import { refuse } from "./refusal.ts";
import { UpgradeOpening } from "./upgrade-opening.ts";

/**
 * Where the sockets of a server of our own come in. Nearly all of them begin with an opening handshake
 * that is whole and plain, and that is read here: what the parser of node:http makes of one, and ties to
 * its socket, takes time and memory that nobody needs. Every other socket goes on to it, with all that
 * it has said, as if nobody had looked.
 */
export class Reception {
  readonly #server: HttpServer | HttpsServer;
  readonly #receive: (opening: UpgradeOpening) => void;
  readonly #pass: (socket: Socket) => void;
  readonly #patience: number;
  /** Those who have said nothing, in the order in which they came. */
  readonly #silent = new Set<Newcomer>();
  #liftSweep: (() => void) | undefined;

  /** `receive` is given the opening handshakes. */
  constructor(server: HttpServer | HttpsServer, receive: (opening: UpgradeOpening) => void) {
    this.#server = server;
    this.#receive = receive;
    // As long as node:http waits for a request; 0 is for ever.
    this.#patience = server.headersTimeout;
    this.#pass = takeNewSockets(server, (socket) => this.#meet(socket));
  }

  /** Ends the sockets that have said nothing. */
  destroy(): void {
    this.#liftSweep?.();
    for (const { transport } of this.#silent) transport.destroy();
  }

  #meet(socket: Socket): void {
    // Over TLS it is known before the first word who speaks HTTP/2.
    if ("alpnProtocol" in socket && socket.alpnProtocol === "h2") return this.#pass(socket);
    // Before anything else: a reset without a listener ends the process.
    socket.on("error", ignore);
    const newcomer = new Newcomer(this, socket);
    this.#silent.add(newcomer);
    if (this.#patience > 0) {
      this.#liftSweep ??= systemClock.after(this.#patience, this.#sweep, true);
    }
    newcomer.transport.open(newcomer);
  }

  /** @internal */
  hear(newcomer: Newcomer, chunk: Buffer): void {
    // What comes behind a handshake that was refused is nobody's.
    if (!this.#silent.delete(newcomer)) return;
    const { socket, transport } = newcomer;
    // Somebody else who listens for upgrades has to be asked, too.
    const alone = this.#server.listenerCount("upgrade") <= 1;
    const request = alone ? readPlainUpgrade(chunk, maxHeaderSize) : undefined;
    if (request !== undefined) {
      return this.#receive(new UpgradeOpening(request, socket, transport));
    }
    transport.release();
    socket.off("error", ignore);
    socket.pause();
    socket.unshift(chunk);
    this.#pass(socket);
    socket.resume();
  }

  /** @internal */
  ended(newcomer: Newcomer): void {
    if (this.#silent.has(newcomer)) newcomer.transport.destroy();
  }

  /** @internal */
  gone(newcomer: Newcomer): void {
    this.#silent.delete(newcomer);
  }

  /** Refuses those who have said nothing for too long, and comes again for the next one. */
  readonly #sweep = (): void => {
    this.#liftSweep = undefined;
    const now = systemClock.now();
    for (const newcomer of this.#silent) {
      const left = newcomer.since + this.#patience - now;
      if (left > 0) {
        this.#liftSweep = systemClock.after(left, this.#sweep, true);
        return;
      }
      this.#silent.delete(newcomer);
      refuse(newcomer.socket, "", { status: 408 });
    }
  };
}

/** A socket that has said nothing yet. */
class Newcomer implements TransportSink {
  readonly socket: Socket;
  readonly transport: SocketTransport;
  readonly since: number = systemClock.now();
  readonly #reception: Reception;

  constructor(reception: Reception, socket: Socket) {
    this.#reception = reception;
    this.socket = socket;
    this.transport = new SocketTransport(socket);
  }

  onData(chunk: Buffer): void {
    this.#reception.hear(this, chunk);
  }

  onDrain(): void {}

  onEnd(): void {
    this.#reception.ended(this);
  }

  onGone(): void {
    this.#reception.gone(this);
  }
}

function ignore(): void {}
