import { WebSocket } from "undici";

/** A browser's WebSocket: undici's, which takes headers. */
export class SocketClient {
  /** Resolves with the close code and the reason. */
  readonly closed: Promise<[code: number, reason: string]>;
  readonly #socket: WebSocket;
  readonly #messages: string[] = [];
  #arrived: (() => void) | undefined;

  /** Resolves when the socket is open. */
  static async open(url: string, cookie: string): Promise<SocketClient> {
    const client = new SocketClient(url, cookie);
    await client.#opened();
    return client;
  }

  constructor(url: string, cookie: string) {
    this.#socket = new WebSocket(url.replace("http", "ws"), { headers: { cookie } });
    this.#socket.addEventListener("message", ({ data }) => {
      this.#messages.push(String(data));
      this.#arrived?.();
    });
    this.closed = new Promise((resolve) => {
      this.#socket.addEventListener("close", ({ code, reason }) => resolve([code, reason]));
    });
  }

  /** The next message. */
  async next(): Promise<string> {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    return this.#messages.shift()!;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  close(): void {
    this.#socket.close();
  }

  #opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.addEventListener("open", () => resolve());
      this.#socket.addEventListener("error", () => reject(new Error("the socket did not open")));
    });
  }
}
