import { onTestFinished } from "vitest";
import { Inbox } from "../../src/testing/inbox.ts";

/** How a connection ended, as the WebSocket API tells it. */
export interface End {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** The part of the WebSocket API that is used here. */
interface WebSocketLike {
  binaryType: unknown;
  readonly protocol: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: End) => void): void;
}

/** A class of the WebSocket API, whoever wrote it. */
export type WebSocketClass = new (url: string, protocols?: string[]) => WebSocketLike;

/** A client of the WebSocket API whose events can be awaited. */
export class WebClient {
  readonly socket: WebSocketLike;
  /** Resolves with the end of the connection. */
  readonly ended: Promise<End>;
  readonly #messages = new Inbox<string | Uint8Array>("message");
  readonly #opened: Promise<boolean>;

  private constructor(socket: WebSocketLike) {
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("error", () => {});
    socket.addEventListener("message", ({ data }) => {
      this.#messages.put(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
    });
    this.ended = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason, wasClean }) => {
        this.#messages.fail(new Error(`the server closed with ${code}`));
        resolve({ code, reason, wasClean });
      });
    });
    this.#opened = new Promise((resolve) => {
      socket.addEventListener("open", () => resolve(true));
      void this.ended.then(() => resolve(false));
    });
    onTestFinished(() => socket.close());
  }

  /** Connects, and waits until the connection is open, or has failed. */
  static async connect(
    Socket: WebSocketClass,
    url: string,
    protocols: string[] = [],
  ): Promise<WebClient> {
    const client = new WebClient(new Socket(url, protocols));
    await client.#opened;
    return client;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.socket.send(data);
  }

  /** The next message. */
  message(): Promise<string | Uint8Array> {
    return this.#messages.take(10_000);
  }
}
