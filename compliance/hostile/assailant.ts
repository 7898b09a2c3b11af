import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How long an assailant waits to be closed, in milliseconds. */
const usualPatience = 5_000;

/** How long nothing is taken before it counts as nothing more, in milliseconds. */
const stall = 500;

const closeOpcode = 0x8;

/** An opening handshake. */
export function request(path: string, extensions = ""): string {
  const offer = extensions === "" ? "" : `Sec-WebSocket-Extensions: ${extensions}\r\n`;
  return (
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${offer}\r\n`
  );
}

/** One raw TCP connection of an attacker. It may be closed or reset at any time, and takes no offence. */
export class Assailant {
  readonly socket: Socket;
  /** Whether the server's frames have begun. */
  #upgraded = false;
  /** Where they are read: bytes of the current one to skip, and a header in pieces. */
  #skip = 0;
  #header: number[] = [];
  #close: number | undefined;
  #ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.setMaxListeners(0);
    socket.on("end", () => {
      this.#ended = true;
    });
    socket.on("close", () => {
      this.#ended = true;
    });
  }

  /** Connects, and completes the opening handshake. */
  static async open(port: number, path: string, extensions: string): Promise<Assailant> {
    const assailant = await Assailant.connect(port);
    const { socket } = assailant;
    socket.write(request(path, extensions));
    const [answer] = (await once(socket, "data")) as [Buffer];
    if (!answer.toString("latin1").startsWith("HTTP/1.1 101 ")) {
      throw new Error(`the handshake was refused: ${answer.toString("latin1")}`);
    }
    socket.pause();
    assailant.#upgraded = true;
    return assailant;
  }

  /** Connects, and says nothing yet. */
  static async connect(port: number): Promise<Assailant> {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => {});
    await once(socket, "connect");
    return new Assailant(socket);
  }

  /** Bytes that the operating system took from us: the server had to deal with no more than that. */
  get sent(): number {
    return this.socket.bytesWritten - this.socket.writableLength;
  }

  /** What became of it: the close code, `cut` for an end without one, or `open`. */
  get fate(): string {
    if (this.#close !== undefined) return String(this.#close);
    return this.#ended || this.socket.destroyed ? "cut" : "open";
  }

  /** Reads what comes from here on. */
  listen(): void {
    if (this.socket.listenerCount("data") === 0) {
      this.socket.on("data", (chunk: Buffer) => this.#read(chunk));
    }
    this.socket.resume();
  }

  /** Writes `bytes` so many times, as fast as they are taken, until nobody takes them any more. */
  async flood(bytes: Uint8Array, times: number): Promise<void> {
    const { socket } = this;
    const gone = this.#happens("close").then(() => false);
    for (let i = 0; i < times && !this.#ended && socket.writable; i++) {
      if (socket.write(bytes)) continue;
      const taken = this.#happens("drain").then(() => true);
      if (!(await Promise.race([taken, gone, sleep(stall, false)]))) return;
    }
  }

  /** Reads until so many bytes came, or nothing more is to be expected. */
  async hear(bytes: number): Promise<void> {
    this.listen();
    const deadline = performance.now() + usualPatience;
    while (this.socket.bytesRead < bytes && performance.now() < deadline) await sleep(20);
  }

  /** Waits until the server has ended the connection, or takes that for never. */
  async await(patience: number = usualPatience): Promise<void> {
    this.listen();
    if (this.#ended) return;
    await Promise.race([this.#happens("end"), this.#happens("close"), sleep(patience)]);
  }

  /** Breaks off. */
  leave(): void {
    this.socket.destroy();
  }

  /** Unlike `once` of node:events, it does not mind errors. */
  async #happens(event: "drain" | "end" | "close"): Promise<void> {
    await new Promise<void>((resolve) => this.socket.once(event, resolve));
  }

  /** Looks for a close frame among the frames, whose payloads do not matter. */
  #read(chunk: Buffer): void {
    let position = 0;
    if (!this.#upgraded) return;
    while (position < chunk.length && this.#close === undefined) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - position);
        this.#skip -= skipped;
        position += skipped;
        continue;
      }
      this.#header.push(chunk[position++]!);
      this.#readHeader(Buffer.from(this.#header));
    }
  }

  #readHeader(header: Buffer): void {
    if (header.length < 2) return;
    const short = header[1]! & 0x7f;
    const size = short < 126 ? 2 : short === 126 ? 4 : 10;
    const isClose = (header[0]! & 0x0f) === closeOpcode;
    if (header.length < (isClose && short > 1 ? 4 : size)) return;
    if (isClose) this.#close = short > 1 ? header.readUInt16BE(2) : 1005;
    else if (size === 2) this.#skip = short;
    else this.#skip = size === 4 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
    this.#header = [];
  }
}
