import { connect, type Socket } from "node:net";
import type { Dialect, Load } from "../load.ts";
import { pong } from "./frame.ts";
import { negotiatedExtension, openingRequest } from "./handshake.ts";
import { type ReplyReader, readSize } from "./replies.ts";

/** Who is told what happens on a connection. */
export interface ClientOwner {
  /** The connection is open. */
  opened(client: Client): void;
  /** Messages came: their number. */
  received(client: Client, messages: number): void;
  /** It failed, or ended; nothing else comes. */
  failed(error: Error): void;
}

/** Where a client connects to, and how. */
export interface Place {
  readonly port: number;
  readonly dialect: Dialect;
  readonly load: Load;
}

/** Where Engine.IO 4 is spoken, over a WebSocket from the beginning. */
const socketIoTarget = "/socket.io/?EIO=4&transport=websocket";

/** All connections read into this one, one after the other. */
const buffer = Buffer.alloc(readSize);

/** One connection: a plain socket, its handshake, and a count of what was sent and received. */
export class Client {
  readonly index: number;
  /** Messages sent, and received, since the connection is open. */
  sent = 0;
  received = 0;
  /** What reads replies; it has to be there before the first one. */
  reader: ReplyReader | undefined;
  /** What the server took of permessage-deflate. */
  extension = "";
  readonly #owner: ClientOwner;
  readonly #socket: Socket;
  /** What came before the connection was open. */
  #early: Buffer = Buffer.alloc(0);
  /** The steps of a handshake that are left: each says whether its answer is there, and whole. */
  readonly #steps: ((bytes: Buffer) => number)[];

  constructor(index: number, place: Place, owner: ClientOwner) {
    this.index = index;
    this.#owner = owner;
    const { load, dialect } = place;
    this.#steps = dialect === "bytes" ? [] : [(bytes) => this.#readAnswer(bytes)];
    if (dialect === "socket.io") {
      this.#steps.push(
        (bytes) => readText(bytes, "0", () => this.write(maskedText("40"))),
        (bytes) => readText(bytes, "40", () => {}),
      );
    }
    this.#socket = connect({
      port: place.port,
      host: "127.0.0.1",
      noDelay: true,
      onread: { buffer, callback: (length) => this.#onRead(length) },
    });
    this.#socket.on("error", (error) => owner.failed(error));
    this.#socket.on("close", () => owner.failed(new Error("the server closed a connection")));
    this.#socket.once("connect", () => {
      if (dialect === "bytes") return owner.opened(this);
      const target = (dialect === "socket.io" ? socketIoTarget : load.target).replace(
        "{index}",
        String(index),
      );
      this.#socket.write(openingRequest(target, load.deflate, load.headers));
    });
  }

  /** Sends bytes as they are. */
  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#socket.removeAllListeners("close").destroy();
  }

  #onRead(length: number): boolean {
    try {
      if (this.#steps.length > 0) this.#handshake(length);
      else this.#take(buffer, length);
    } catch (error) {
      this.#owner.failed(new Error(`connection ${this.index}: ${(error as Error).message}`));
    }
    return true;
  }

  #take(bytes: Buffer, length: number): void {
    if (this.reader === undefined) return;
    const messages = this.reader.read(bytes, length);
    if (this.reader.ping !== undefined) {
      this.write(pong(this.reader.ping));
      this.reader.ping = undefined;
    }
    if (messages > 0) this.#owner.received(this, messages);
  }

  #handshake(length: number): void {
    this.#early = Buffer.concat([this.#early, buffer.subarray(0, length)]);
    while (this.#steps[0] !== undefined) {
      const taken = this.#steps[0](this.#early);
      if (taken === 0) return;
      this.#steps.shift();
      this.#early = this.#early.subarray(taken);
    }
    const rest = this.#early;
    this.#early = Buffer.alloc(0);
    this.#owner.opened(this);
    if (rest.length > 0) this.#take(rest, rest.length);
  }

  #readAnswer(bytes: Buffer): number {
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return 0;
    this.extension = negotiatedExtension(bytes.toString("latin1", 0, end));
    return end + 4;
  }
}

/** Reads one short text message that begins with something; 0 when it is not there yet. */
function readText(bytes: Buffer, wanted: string, then: () => void): number {
  if (bytes.length < 2) return 0;
  const length = bytes[1] as number;
  const start = length === 126 ? 4 : 2;
  const end = start + (length === 126 ? bytes.readUInt16BE(2) : length);
  if (bytes.length < end) return 0;
  const text = bytes.toString("utf8", start, end);
  if (!text.startsWith(wanted)) {
    const said = bytes[0]! & 0x40 ? "what was compressed" : JSON.stringify(text.slice(0, 40));
    throw new Error(`the server said ${said}, not ${wanted}`);
  }
  then();
  return end;
}

function maskedText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}
