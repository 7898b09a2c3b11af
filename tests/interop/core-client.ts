import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { onTestFinished } from "vitest";
import { HandshakeError, type ProtocolError } from "sluice";
import { clientHandshake, judgeResponse, newKey } from "sluice/protocol";
import { Connection, type ConnectionSink } from "../../src/connection/connection.ts";
import { Engine } from "../../src/connection/engine.ts";
import { SocketTransport } from "../../src/connection/socket-transport.ts";
import { defaultLimits } from "../../src/internal/limits.ts";
import { Inbox } from "../../src/testing/inbox.ts";

/** How a connection ended. */
export interface End {
  readonly code: number;
  readonly reason: string;
  readonly clean: boolean;
}

const engine = new Engine();

/** Sluice's core in the role of a client: the handshake's judge, and a connection over a socket. */
export class CoreClient implements ConnectionSink {
  readonly busy = false;
  readonly slow = "close";
  readonly connection: Connection;
  /** What the server chose. */
  readonly subprotocol: string | undefined;
  /** Resolves with the end of the connection. */
  readonly ended: Promise<End>;
  /** What the server did wrong, if anything. */
  error: ProtocolError | undefined;
  readonly #messages = new Inbox<string | Uint8Array>("message");
  #end!: (end: End) => void;

  private constructor(socket: Socket, head: Uint8Array, subprotocol: string | undefined) {
    this.subprotocol = subprotocol;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.connection = new Connection(new SocketTransport(socket), {
      role: "client",
      engine,
      limits: { ...defaultLimits, closeTimeout: 500 },
      sink: this,
    });
    socket.on("error", () => {});
    if (head.length > 0) this.connection.onData(head);
    onTestFinished(() => this.connection.destroy());
  }

  /** Connects to a port of this machine. Rejects with a HandshakeError if the server refuses. */
  static async connect(port: number, subprotocols: string[] = []): Promise<CoreClient> {
    const key = newKey();
    const lines = clientHandshake({ key, subprotocols });
    const headers = Object.fromEntries(
      lines.flatMap((name, at) => (at % 2 === 0 ? [[name, lines[at + 1]!]] : [])),
    );
    const request = get({ port, host: "127.0.0.1", headers });
    const answered = once(request, "response").then(([answer]) => [answer] as unknown[]);
    const [answer, socket, head] = (await Promise.race([once(request, "upgrade"), answered])) as [
      IncomingMessage,
      Socket,
      Buffer,
    ];
    const { statusCode: status = 0, rawHeaders } = answer;
    const agreement = judgeResponse({ status, rawHeaders }, { key, subprotocols });
    if (agreement instanceof HandshakeError) {
      answer.destroy();
      throw agreement;
    }
    return new CoreClient(socket, head, agreement.subprotocol);
  }

  send(data: string | Uint8Array): void {
    this.connection.send(data, undefined, false);
  }

  /** The next message. */
  message(): Promise<string | Uint8Array> {
    return this.#messages.take(10_000);
  }

  onText(message: string): void {
    this.#messages.put(message);
  }

  onBytes(message: Uint8Array): void {
    this.#messages.put(message);
  }

  onDrop(): void {}

  onFail(error: ProtocolError): void {
    this.error = error;
  }

  onClosed(code: number, reason: string, clean: boolean): void {
    this.#end({ code, reason, clean });
  }

  onGone(): void {}
}
