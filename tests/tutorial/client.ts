import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";

/** One message as it came. */
export interface Received {
  readonly text: string;
  readonly binary: boolean;
}

/** One message, and its octets. */
interface Kept extends Received {
  readonly data: Buffer;
}

/** A WebSocket client that keeps what comes until it is asked for. */
export class Client {
  readonly #socket: WebSocket;
  readonly #received: Kept[] = [];
  #wake = (): void => {};
  /** What the server proved its understanding with. */
  acceptHeader: string | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("upgrade", ({ headers }) => {
      this.acceptHeader = headers["sec-websocket-accept"];
    });
    socket.on("message", (data: Buffer, binary) => {
      this.#received.push({ text: data.toString(), binary, data });
      this.#wake();
    });
    socket.on("close", () => this.#wake());
  }

  /** Connects, or rejects when the server refuses. */
  static async open(url: string, subprotocols: string[] = []): Promise<Client> {
    const socket = new WebSocket(url, subprotocols);
    const client = new Client(socket);
    await once(socket, "open");
    return client;
  }

  /** Connects in vain and resolves with the HTTP status of the refusal. */
  static async refused(url: string, subprotocols: string[] = []): Promise<number | undefined> {
    const socket = new WebSocket(url, subprotocols);
    socket.on("error", () => {});
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    socket.terminate();
    return response.statusCode;
  }

  /** How many messages came that nobody took yet. */
  get waiting(): number {
    return this.#received.length;
  }

  send(data: string | Uint8Array): void {
    this.#socket.send(data);
  }

  /** Takes the next `count` messages; rejects if the connection ends before they came. */
  async take(count: number): Promise<Received[]> {
    return (await this.#take(count)).map(({ text, binary }) => ({ text, binary }));
  }

  /** Takes the octets of the next `count` messages. */
  async data(count: number): Promise<Buffer[]> {
    return (await this.#take(count)).map(({ data }) => data);
  }

  async #take(count: number): Promise<Kept[]> {
    while (this.#received.length < count) {
      if (this.#socket.readyState === WebSocket.CLOSED) {
        throw new Error(`the connection ended after ${this.#received.length} of ${count} messages`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#received.splice(0, count);
  }

  /** Takes the texts of the next `count` messages. */
  async texts(count: number): Promise<string[]> {
    return (await this.take(count)).map(({ text }) => text);
  }

  /** Resolves with the close code, whoever closes. */
  async closed(): Promise<number> {
    const [code] = (await once(this.#socket, "close")) as [number];
    return code;
  }

  /** Closes and waits for the answer. */
  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = this.closed();
    this.#socket.close();
    await closed;
  }
}
