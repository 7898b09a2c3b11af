import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { RawFrame } from "sluice/testing";
import { onTestFinished } from "vitest";
import { certificate } from "./certificate.ts";

/** The extended CONNECT of a well-behaved client (RFC 8441 §5), to be spoiled by tests. */
export const wellFormedConnect: OutgoingHttpHeaders = {
  ":method": "CONNECT",
  ":protocol": "websocket",
  ":scheme": "http",
  ":path": "/",
  ":authority": "127.0.0.1",
  "sec-websocket-version": "13",
};

/** One HTTP/2 session with a server; many streams. */
export class Http2Client {
  readonly session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
    session.on("error", () => {});
  }

  /** Connects, and waits for the server's settings: nobody may ask for a WebSocket before (RFC 8441 §3). */
  static async connect(url: string): Promise<Http2Client> {
    const client = new Http2Client(connect(url, { ca: certificate.cert }));
    onTestFinished(() => client.session.destroy());
    await once(client.session, "remoteSettings");
    return client;
  }

  /** Sends an extended CONNECT; a header set to undefined is left out. */
  begin(headers: OutgoingHttpHeaders = {}): StreamPeer {
    const all = Object.entries({ ...wellFormedConnect, ...headers });
    const sent = Object.fromEntries(all.filter(([, value]) => value !== undefined));
    return new StreamPeer(this.session.request(sent, { endStream: false }));
  }

  /** The same, and waits for the answer. */
  async ask(headers: OutgoingHttpHeaders = {}): Promise<StreamPeer> {
    const peer = this.begin(headers);
    await peer.answered;
    return peer;
  }

  /** Resolves when the server has had everything that was sent before. */
  async ping(): Promise<void> {
    await new Promise<void>((resolve) => this.session.ping(() => resolve()));
  }

  /** Opens a WebSocket. */
  async open(path = "/", headers: OutgoingHttpHeaders = {}): Promise<StreamPeer> {
    const peer = await this.ask({ ":path": path, ...headers });
    if (peer.status !== 200) throw new Error(`the handshake was answered with ${peer.status}`);
    return peer;
  }

  /** Sends a plain request. */
  get(path: string, headers: OutgoingHttpHeaders = {}, endStream = true): StreamPeer {
    return new StreamPeer(this.session.request({ ":path": path, ...headers }, { endStream }));
  }

  /** The whole answer to a plain request. */
  async fetch(
    headers: OutgoingHttpHeaders,
    body?: string,
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
    const peer = this.get("/", headers, body === undefined);
    if (body !== undefined) peer.stream.end(body);
    await peer.answered;
    const rest = await peer.end();
    return { status: peer.status, headers: peer.headers, body: rest.toString() };
  }
}

/** A client's end of one stream. */
export class StreamPeer {
  readonly stream: ClientHttp2Stream;
  /** Resolves when the response, or the end of the stream, has come. */
  readonly answered: Promise<void>;
  /** Resolves with the error code that the stream ended with. */
  readonly closed: Promise<number>;
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream;
    stream.on("error", () => {});
    this.closed = new Promise((resolve) => {
      stream.on("close", () => resolve(stream.rstCode ?? constants.NGHTTP2_NO_ERROR));
    });
    this.answered = new Promise((resolve) => {
      stream.on("response", (headers) => {
        this.headers = headers;
        resolve();
      });
      stream.on("close", () => resolve());
    });
    stream.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    stream.on("end", end).on("close", end);
  }

  /** The status of the response, 0 if there was none. */
  get status(): number {
    return this.headers[":status"] ?? 0;
  }

  /** Resets the stream in the middle of everything; `close` of node:http2 would end our half first. */
  reset(): void {
    this.stream.destroy();
  }

  /** Writes one frame, masked as a client's has to be: with a key of zeros, which changes nothing. */
  send(opcode: number, payload: string | Uint8Array = "", rsv = 0): void {
    const bytes = Buffer.from(payload);
    const header = Buffer.alloc(14);
    header[0] = 0x80 | (rsv << 4) | opcode;
    header[1] = 0x80 | 127;
    header.writeBigUInt64BE(BigInt(bytes.length), 2);
    const short = bytes.length < 126;
    const size = short ? 6 : bytes.length < 65_536 ? 8 : 14;
    if (short) header[1] = 0x80 | bytes.length;
    else if (size === 8) header[1] = 0x80 | 126;
    if (size === 8) header.writeUInt16BE(bytes.length, 2);
    header.fill(0, size - 4);
    this.stream.write(Buffer.concat([header.subarray(0, size), bytes]));
  }

  /** The next frame. */
  async frame(): Promise<RawFrame> {
    const head = await this.take(2);
    let length = head[1]! & 0x7f;
    if (length === 126) length = (await this.take(2)).readUInt16BE();
    else if (length === 127) length = Number((await this.take(8)).readBigUInt64BE());
    const payload = await this.take(length);
    const first = head[0]!;
    return { fin: first >= 0x80, rsv: (first >> 4) & 7, opcode: first & 0x0f, payload };
  }

  /** Takes exactly `length` bytes. */
  async take(length: number): Promise<Buffer> {
    while (this.#received.length < length) await this.#more();
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  /** Everything that was not taken, once the server has ended its half. */
  async end(): Promise<Buffer> {
    while (!this.#ended) await this.#more();
    return this.#received;
  }

  async #more(): Promise<void> {
    if (this.#ended) throw new Error("the server ended the stream");
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
