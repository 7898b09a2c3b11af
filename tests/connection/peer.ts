import {
  acceptDeflate,
  type CompressionOptions,
  DeflateShare,
  type ExtensionOffer,
  type PermessageDeflate,
} from "sluice/protocol";
import { Connection, type ConnectionSink } from "../../src/connection/connection.ts";
import { Engine } from "../../src/connection/engine.ts";
import type { ProtocolError } from "../../src/errors.ts";
import { type ConnectionLimits, defaultLimits } from "../../src/internal/limits.ts";
import type { SendOptions, SlowPolicy } from "../../src/internal/send-options.ts";
import { type Frame, FrameReader, writeFrame } from "../../compliance/frame.ts";
import { type DeflateMessage, DeflateReader } from "./deflate-reader.ts";
import { MemoryTransport } from "./memory-transport.ts";
import { SteppedClock } from "./stepped-clock.ts";

/** Options of {@link Peer}. */
export interface PeerOptions {
  /** What the connection is; the peer is the other. @defaultValue "server" */
  readonly role?: "client" | "server";
  readonly limits?: ConnectionLimits;
  readonly slow?: SlowPolicy;
  /** Share the clock and the engine of another peer's connection. */
  readonly beside?: Peer;
  /** What may wait for all peers of the engine together. */
  readonly outboxBytes?: number;
  /** Agree on permessage-deflate, with these options. */
  readonly compression?: CompressionOptions;
  /** What the client offers then. @defaultValue permessage-deflate, without parameters */
  readonly offer?: ExtensionOffer;
}

/**
 * The other end of a connection in memory: it writes frames, reads frames, and notes what the
 * connection tells its application.
 */
export class Peer implements ConnectionSink {
  readonly clock: SteppedClock;
  readonly engine: Engine;
  readonly transport: MemoryTransport = new MemoryTransport();
  readonly connection: Connection;
  /** What the connection told its application, in words. */
  readonly told: string[] = [];
  /** What the application does with a message. */
  handler: (message: string | Uint8Array) => void = () => {};
  busy = false;
  readonly slow: SlowPolicy;
  readonly #reader: FrameReader;
  readonly #deflated = new DeflateReader();
  readonly #key: Buffer | undefined;
  #read = 0;

  constructor(options: PeerOptions = {}) {
    const { role = "server", limits, slow = "close", beside, compression, outboxBytes } = options;
    const deflate = compression && new DeflateShare(compression);
    this.clock = beside?.clock ?? new SteppedClock();
    this.engine =
      beside?.engine ??
      new Engine({ clock: this.clock, deflate, ...(outboxBytes && { outboxBytes }) });
    this.slow = slow;
    this.#reader = new FrameReader(role === "client");
    this.#key = role === "server" ? Buffer.of(0x5a, 0x01, 0xff, 0x80) : undefined;
    this.connection = new Connection(this.transport, {
      role,
      engine: this.engine,
      limits: { ...defaultLimits, ...limits },
      sink: this,
      deflate: this.#agree(options.offer),
    });
  }

  #agree(
    offer: ExtensionOffer = { name: "permessage-deflate", parameters: [] },
  ): PermessageDeflate | undefined {
    const { deflate } = this.engine;
    return deflate && acceptDeflate([offer], deflate)?.extension;
  }

  // What the peer does.

  /** Sends frames, all in one chunk. */
  send(...frames: Buffer[]): void {
    this.connection.onData(Buffer.concat(frames));
  }

  text(text: string): Buffer {
    return this.frame(0x1, text);
  }

  ping(payload = ""): Buffer {
    return this.frame(0x9, payload);
  }

  pong(payload = ""): Buffer {
    return this.frame(0xa, payload);
  }

  close(code?: number, reason = ""): Buffer {
    const head = code === undefined ? [] : [code >> 8, code & 255];
    return this.frame(0x8, Buffer.concat([Buffer.from(head), Buffer.from(reason)]));
  }

  /** Any frame, masked as it has to be. */
  frame(opcode: number, payload: string | Uint8Array = "", fin = true, rsv = 0): Buffer {
    return writeFrame({ opcode, fin, rsv, payload: Buffer.from(payload) }, this.#key);
  }

  /** Ends its half of the transport. */
  finish(): void {
    this.transport.sink.onEnd();
  }

  /** Is gone, and the transport with it. */
  leave(): void {
    this.transport.destroy();
    this.transport.sink.onGone();
  }

  // What the peer gets.

  /** The frames that got through since it was asked last. */
  frames(): Frame[] {
    const fresh = this.transport.wire.subarray(this.#read);
    this.#read += fresh.length;
    return [...this.#reader.read(fresh)];
  }

  /** The same in words: `text hello`, `close 1000 bye`. */
  received(): string[] {
    return this.frames().map(inWords);
  }

  /** The messages that got through in full, decompressed, with a note on how each came. */
  messages(): DeflateMessage[] {
    return [...this.#deflated.read(this.transport.wire)];
  }

  // What the application does.

  /** Sends a message that answers what is being handled. */
  answer(data: string | Uint8Array, options?: SendOptions): void {
    this.connection.send(data, options, true);
  }

  /** Sends a message that answers nothing: from a group, or out of the blue. */
  publish(data: string | Uint8Array, options?: SendOptions): void {
    this.connection.send(data, options, false);
  }

  // What the application is told.

  onText(message: string): void {
    this.told.push(`text ${message}`);
    this.handler(message);
  }

  onBytes(message: Uint8Array): void {
    this.told.push(`bytes ${Buffer.from(message).toString("hex")}`);
    this.handler(message);
  }

  onDrop(size: number, why: "slow" | "closed"): void {
    this.told.push(`drop ${size} ${why}`);
  }

  onFail(error: ProtocolError): void {
    this.told.push(`fail ${error.code}`);
  }

  onClosed(code: number, reason: string, clean: boolean): void {
    this.told.push(
      ["closed", code, reason, clean ? "clean" : "unclean"].filter((word) => word !== "").join(" "),
    );
  }

  onGone(): void {
    this.told.push("gone");
  }
}

const kinds: Readonly<Record<number, string>> = { 1: "text", 2: "bytes", 9: "ping", 10: "pong" };

function inWords({ opcode, payload }: Frame): string {
  if (opcode !== 0x8) {
    return `${kinds[opcode]} ${payload.toString(opcode === 0x2 ? "hex" : "utf8")}`.trimEnd();
  }
  if (payload.length === 0) return "close";
  return `close ${payload.readUInt16BE()} ${payload.toString("utf8", 2)}`.trimEnd();
}
