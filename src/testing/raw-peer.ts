import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { frame } from "../protocol/frame.ts";
import { Inbox, TestError } from "./inbox.ts";

/** An HTTP response, as far as its head goes. */
export interface RawResponse {
  readonly status: number;
  /** Names in lower case; of repeated ones, the last. */
  readonly headers: ReadonlyMap<string, string>;
  /** The body, as far as `content-length` says. */
  readonly body: string;
  /** The head as it came. */
  readonly text: string;
}

/** A frame as it came. */
export interface RawFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The request of a well-behaved client, to be spoiled by tests. */
export const wellFormedHeaders: Readonly<Record<string, string>> = {
  Host: "127.0.0.1",
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** A client that sends any bytes at all, for tests of what a server makes of them. */
export class RawPeer {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  readonly #arrivals = new Inbox<undefined>("byte");
  readonly #ended: Promise<void>;
  #isEnded = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#arrivals.put(undefined);
    });
    this.#ended = new Promise((resolve) => {
      const end = () => {
        this.#isEnded = true;
        this.#arrivals.fail(new TestError("ERR_TEST_CLOSED", "the server ended the connection"));
        resolve();
      };
      socket.on("end", end);
      socket.on("close", end);
    });
  }

  /** Connects by TCP, and says nothing yet. */
  static async connect(port: number, host = "127.0.0.1"): Promise<RawPeer> {
    const socket = connect(port, host);
    await once(socket, "connect");
    return new RawPeer(socket);
  }

  /** Connects and completes the opening handshake. */
  static async open(
    port: number,
    path = "/",
    headers: Record<string, string> = {},
  ): Promise<RawPeer> {
    const peer = await RawPeer.connect(port);
    await peer.write(upgradeRequest(path, headers));
    const { status, text } = await peer.response();
    if (status !== 101)
      throw new TestError("ERR_TEST_CLOSED", `the handshake was answered with ${text}`);
    return peer;
  }

  /** Whether the server ended the connection. */
  get ended(): boolean {
    return this.#isEnded;
  }

  /** Bytes that came and were not taken. */
  get received(): Buffer {
    return this.#received;
  }

  /** Writes bytes; `chop` of them at a time, each in a packet of its own. */
  async write(data: string | Uint8Array, chop?: number): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data, "latin1") : data;
    const size = chop ?? Math.max(1, bytes.length);
    for (let start = 0; start < bytes.length; start += size) {
      const part = bytes.subarray(start, start + size);
      await new Promise<void>((resolve) => this.socket.write(part, () => resolve()));
    }
  }

  /** Writes one frame, masked as a client's has to be. */
  send(opcode: number, payload: string | Uint8Array = ""): Promise<void> {
    return this.write(frame(opcode, Buffer.from(payload), "client"));
  }

  /** The next HTTP response. */
  async response(timeout = 5000): Promise<RawResponse> {
    let end = this.#received.indexOf("\r\n\r\n");
    while (end === -1) {
      await this.#arrivals.take(timeout);
      end = this.#received.indexOf("\r\n\r\n");
    }
    const text = this.#received.toString("latin1", 0, end);
    const [first = "", ...lines] = text.split("\r\n");
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    const status = Number(first.split(" ")[1]);
    const length = status === 101 ? 0 : Number(headers.get("content-length") ?? 0);
    this.#received = this.#received.subarray(end + 4);
    const body = await this.take(length, timeout);
    return { status, headers, text, body: body.toString("utf8") };
  }

  /** The next frame; a server's is not masked. */
  async frame(timeout = 5000): Promise<RawFrame> {
    const head = await this.take(2, timeout);
    let length = head[1]! & 0x7f;
    if (length === 126) length = (await this.take(2, timeout)).readUInt16BE();
    else if (length === 127) length = Number((await this.take(8, timeout)).readBigUInt64BE());
    const payload = await this.take(length, timeout);
    const first = head[0]!;
    return { fin: first >= 0x80, rsv: (first >> 4) & 7, opcode: first & 0x0f, payload };
  }

  /** Takes exactly `length` bytes. */
  async take(length: number, timeout = 5000): Promise<Buffer> {
    while (this.#received.length < length) await this.#arrivals.take(timeout);
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  /** Resolves with everything not taken once the server has ended the connection. */
  async end(): Promise<Buffer> {
    await this.#ended;
    return this.#received;
  }

  /** Ends our half (FIN). */
  finish(): void {
    this.socket.end();
  }

  /** Breaks the connection off (RST). */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}

/** The text of an upgrade request; a header set to "" is left out. */
export function upgradeRequest(path = "/", headers: Record<string, string> = {}): string {
  const all = Object.entries({ ...wellFormedHeaders, ...headers }).filter(
    ([, value]) => value !== "",
  );
  return `GET ${path} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}
