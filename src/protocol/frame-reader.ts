import { isUtf8 } from "node:buffer";
import { ProtocolError } from "../errors.ts";
import { CloseCode, isCloseCode } from "./close-code.ts";
import type { Extension } from "./extension.ts";
import { maxControlPayload, maxHeaderSize } from "./frame.ts";
import { mask } from "./mask.ts";
import { Opcode, type Role } from "./opcode.ts";
import { PartialBudget, PartialMessage } from "./partial-message.ts";
import { Utf8Validator } from "./utf8.ts";

/** What a {@link FrameReader} tells of: one call each, while `receive` runs, in the order of the wire. */
export interface ProtocolSink {
  /** A text message. */
  onText(message: string): void;
  /** A binary message. The bytes are the sink's to keep. */
  onBytes(message: Uint8Array): void;
  /** A ping: a pong with the same payload is due, for the latest ping at least (§5.5.3). */
  onPing(payload: Uint8Array): void;
  /** A pong, asked for or not. */
  onPong(payload: Uint8Array): void;
  /** The peer's close frame, 1005 if it has no code. Unless one was sent before, a reply is due (§5.5.1). */
  onClose(code: number, reason: string): void;
  /** The peer broke the protocol: send `error.closeCode`, then end the connection (§7.1.7). */
  onFail(error: ProtocolError): void;
  /**
   * Decoding a message takes longer than may be spent at once (§5.8 leaves an extension its work).
   * The rest of the bytes waits until `decodeOn`, in a later turn, has told of the message. Only
   * with an extension.
   */
  onDecoding?(): void;
}

/** Options of a {@link FrameReader}. */
export interface ProtocolOptions {
  readonly role: Role;
  readonly sink: ProtocolSink;
  /** The largest message, in bytes, inclusive. @defaultValue 1 MiB */
  readonly maxMessageSize?: number;
  /** Shared by all connections of a process. @defaultValue one of 64 MiB for this connection alone */
  readonly budget?: PartialBudget;
  /** The extension that the handshake agreed on. */
  readonly extension?: Extension | undefined;
}

/** No sender needs more fragments for one message; each costs us a look, empty ones too. */
const maxFragments = 2 ** 20;

/**
 * The receiving half of RFC 6455 after the opening handshake: bytes in, messages out.
 *
 * It never throws on what the peer sends. Once it told of a close frame or a failure it ignores the
 * rest.
 */
export class FrameReader {
  readonly role: Role;
  readonly #sink: ProtocolSink;
  readonly #maxMessageSize: number;
  readonly #budget: PartialBudget;
  readonly #extension: Extension | undefined;

  /** Nothing that the peer sends matters any more. */
  #deaf = false;
  /** Nobody wants to be told of anything for now; what came meanwhile is kept. */
  #held = false;
  #rest: Buffer | undefined;

  // The frame that is being read.
  #opcode = 0;
  #fin = false;
  #key = 0;
  /** Payload bytes of it that are still due. */
  #due = 0;
  /** Payload bytes of it that came; their number mod 4 is the mask's phase. */
  #taken = 0;
  /** Octets of an incomplete header; undefined as long as headers come in one piece. */
  #header: Buffer | undefined;
  #headerLength = 0;

  // The message that is being read: it may span frames, and control frames may come in between.
  /** Its opcode, or `continuation` while there is none. */
  #messageOpcode: number = Opcode.continuation;
  #encoded = false;
  /** The encoded payload's size, while the extension is not done with it. */
  #decoding: number | undefined;
  #decodingText = false;
  /** Nobody wants messages any more. */
  #indifferent = false;
  #fragments = 0;
  #message: PartialMessage | undefined;
  #control: PartialMessage | undefined;
  #utf8: Utf8Validator | undefined;

  constructor(options: ProtocolOptions) {
    this.role = options.role;
    this.#sink = options.sink;
    this.#maxMessageSize = options.maxMessageSize ?? 1024 * 1024;
    this.#budget = options.budget ?? new PartialBudget(64 * 1024 * 1024);
    this.#extension = options.extension;
  }

  /** Whether a message or a frame has begun that has not ended. */
  get partial(): boolean {
    return this.#messageOpcode !== Opcode.continuation || this.#due > 0 || this.#headerLength > 0;
  }

  /**
   * Takes bytes as they come from the wire, in pieces of any size. The chunk belongs to the protocol
   * from here on: it is unmasked in place, and messages are views into it.
   */
  receive(chunk: Uint8Array): void {
    const bytes = asBuffer(chunk);
    if (!this.#held && this.#decoding === undefined) this.#read(bytes);
    else if (!this.#deaf) this.#rest = Buffer.concat([this.#rest ?? Buffer.alloc(0), bytes]);
  }

  /** Whether a message is being decoded: {@link decodeOn} is due. */
  get decoding(): boolean {
    return this.#decoding !== undefined;
  }

  /**
   * Goes on with the message that is being decoded.
   * @returns whether it is done, and was told of.
   */
  decodeOn(): boolean {
    if (this.#decoding === undefined) return true;
    const decoded = this.#extension!.decodeOn();
    if (decoded === undefined) return false;
    this.#endDecoding();
    this.#tellDecoded(decoded);
    return true;
  }

  /** Nobody wants messages any more: no work is spent on decoding one from here on. */
  ignoreMessages(): void {
    this.#indifferent = true;
    this.#endDecoding();
  }

  /** Stops after the message that is being told of: what is left of the bytes waits. */
  hold(): void {
    this.#held = true;
  }

  /** Goes on, with what waits first. */
  release(): void {
    this.#held = false;
    if (this.#decoding !== undefined) return;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#read(rest);
  }

  #read(bytes: Buffer): void {
    let position = 0;
    while (position < bytes.length && !this.#deaf) {
      if (this.#held || this.#decoding !== undefined) {
        this.#rest = bytes.subarray(position);
        return;
      }
      if (this.#due > 0) {
        position = this.#takePayload(bytes, position);
      } else if (this.#headerLength > 0) {
        position = this.#continueHeader(bytes, position);
      } else {
        const size = this.#readHeader(bytes, position, bytes.length);
        if (size === 0) position = this.#keepHeader(bytes, position);
        else position = this.#beginPayload(bytes, position + size);
      }
    }
  }

  /** Gives back the memory of a message that will not end. Nothing is received after this. */
  dispose(): void {
    this.#deaf = true;
    this.#rest = undefined;
    this.#endDecoding();
    this.#message?.discard();
    this.#control?.discard();
  }

  /**
   * Reads the header in `bytes[start, end)`. Each rule is applied as soon as its octet is there.
   * @returns the header's size; 0 if more octets are needed, or if it failed.
   */
  #readHeader(bytes: Buffer, start: number, end: number): number {
    const first = bytes[start]!;
    const opcode = first & 0x0f;
    const fin = (first & 0x80) !== 0;
    const rsv = (first >> 4) & 0x07;
    const control = opcode >= Opcode.close;

    // §5.2: reserved bits and opcodes fail the connection.
    if (rsv !== 0 && (control || opcode === Opcode.continuation || rsv !== this.#extension?.rsv)) {
      return this.#fail(
        "ERR_FRAME_RSV",
        1002,
        `reserved bits ${rsv} on a frame of opcode ${opcode}`,
      );
    }
    if ((opcode > Opcode.binary && opcode < Opcode.close) || opcode > Opcode.pong) {
      return this.#fail("ERR_FRAME_OPCODE", 1002, `reserved opcode ${opcode}`);
    }
    // §5.4: fragments of one message follow each other, only control frames may come in between.
    if (
      !control &&
      (opcode === Opcode.continuation) === (this.#messageOpcode === Opcode.continuation)
    ) {
      const what =
        opcode === Opcode.continuation
          ? "continuation without a message"
          : "new message inside another";
      return this.#fail("ERR_FRAME_CONTINUATION", 1002, what);
    }
    // §5.5: "All control frames … MUST NOT be fragmented."
    if (control && !fin) return this.#fail("ERR_FRAME_CONTROL", 1002, "fragmented control frame");
    if (end - start < 2) return 0;

    const second = bytes[start + 1]!;
    const masked = (second & 0x80) !== 0;
    // §5.1: clients mask, servers do not.
    if (masked !== (this.role === "server")) {
      return this.#fail(
        "ERR_FRAME_MASK",
        1002,
        masked ? "masked frame from a server" : "unmasked frame from a client",
      );
    }
    let length = second & 0x7f;
    // §5.5: a control frame has a payload of 125 bytes or less.
    if (control && length > maxControlPayload) {
      return this.#fail(
        "ERR_FRAME_CONTROL",
        1002,
        `control frame of more than ${maxControlPayload} bytes`,
      );
    }
    let size = 2;
    if (length === 126) {
      if (end - start < 4) return 0;
      length = bytes.readUInt16BE(start + 2);
      size = 4;
      // §5.2: "the minimal number of bytes MUST be used to encode the length".
      if (length < 126)
        return this.#fail("ERR_FRAME_LENGTH", 1002, `length ${length} in the 16-bit form`);
    } else if (length === 127) {
      if (end - start < 10) return 0;
      const high = bytes.readUInt32BE(start + 2);
      length = high * 2 ** 32 + bytes.readUInt32BE(start + 6);
      size = 10;
      // §5.2: "the most significant bit MUST be 0".
      if (high >= 2 ** 31)
        return this.#fail("ERR_FRAME_LENGTH", 1002, "length with its highest bit set");
      if (length < 65536)
        return this.#fail("ERR_FRAME_LENGTH", 1002, `length ${length} in the 64-bit form`);
    }
    if (!control) {
      const total = length + (this.#message?.length ?? 0);
      if (total > this.#maxMessageSize) {
        return this.#fail(
          "ERR_MESSAGE_TOO_BIG",
          1009,
          `message of ${total} bytes exceeds the limit of ${this.#maxMessageSize}`,
        );
      }
    }
    if (masked) {
      if (end - start < size + 4) return 0;
      this.#key = bytes.readInt32LE(start + size);
      size += 4;
    }
    this.#opcode = opcode;
    this.#fin = fin;
    this.#due = length;
    this.#taken = 0;
    if (!control) {
      if (opcode === Opcode.continuation) {
        if (++this.#fragments > maxFragments) {
          return this.#fail(
            "ERR_FRAGMENT_FLOOD",
            1008,
            `more than ${maxFragments} fragments in one message`,
          );
        }
      } else {
        this.#messageOpcode = opcode;
        this.#encoded = rsv !== 0;
        this.#fragments = 1;
      }
    }
    return size;
  }

  /** Keeps the octets of a header that is not complete. */
  #keepHeader(bytes: Buffer, position: number): number {
    if (this.#deaf) return bytes.length;
    this.#header ??= Buffer.alloc(maxHeaderSize);
    this.#headerLength = bytes.copy(this.#header, 0, position);
    return bytes.length;
  }

  /** Adds octets to a kept header until it is complete. */
  #continueHeader(bytes: Buffer, start: number): number {
    const header = this.#header!;
    let position = start;
    while (position < bytes.length && !this.#deaf) {
      header[this.#headerLength++] = bytes[position++]!;
      if (this.#readHeader(header, 0, this.#headerLength) > 0) {
        this.#headerLength = 0;
        return this.#beginPayload(bytes, position);
      }
    }
    return position;
  }

  /** The header is complete. The common case ends here: a whole message, in one frame, in one piece. */
  #beginPayload(bytes: Buffer, start: number): number {
    const end = start + this.#due;
    if (
      !this.#fin ||
      end > bytes.length ||
      this.#fragments !== 1 ||
      this.#encoded ||
      this.#opcode > Opcode.binary
    ) {
      return this.#due > 0 ? this.#takePayload(bytes, start) : this.#endFrame(bytes, start, start);
    }
    this.#due = 0;
    this.#messageOpcode = Opcode.continuation;
    const ascii = this.#unmask(bytes, start, end) < 0x80;
    if (this.#opcode === Opcode.binary) {
      this.#sink.onBytes(bytes.subarray(start, end));
    } else if (ascii && this.role === "server") {
      this.#sink.onText(bytes.toString("latin1", start, end));
    } else if (isUtf8(bytes.subarray(start, end))) {
      this.#sink.onText(bytes.toString("utf8", start, end));
    } else {
      this.#failText();
    }
    return end;
  }

  /** Takes what is there of a payload that is fragmented, a control frame's, or not all here yet. */
  #takePayload(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + this.#due);
    this.#unmask(bytes, start, end);
    this.#taken += end - start;
    this.#due -= end - start;
    if (this.#opcode >= Opcode.close) {
      if (this.#due === 0 && this.#taken === end - start) return this.#endFrame(bytes, start, end);
      this.#control ??= new PartialMessage(this.#budget);
      if (!this.#control.append(bytes, start, end, this.#due)) return this.#failBudget();
      return this.#due === 0 ? this.#endFrame(bytes, start, end) : end;
    }
    if (this.#messageOpcode === Opcode.text && !this.#encoded) {
      this.#utf8 ??= new Utf8Validator();
      // §8.1: not valid UTF-8 fails the connection; at once, not when the message is complete.
      if (!this.#utf8.push(bytes, start, end)) return this.#failText();
    }
    this.#message ??= new PartialMessage(this.#budget);
    if (!this.#message.append(bytes, start, end, this.#fin ? this.#due : 0))
      return this.#failBudget();
    return this.#due === 0 ? this.#endFrame(bytes, start, end) : end;
  }

  /** A frame is complete; a control frame's payload is `bytes[start, end)` unless it was kept. */
  #endFrame(bytes: Buffer, start: number, end: number): number {
    if (this.#opcode >= Opcode.close) {
      const kept = this.#control;
      this.#endControl(
        kept !== undefined && kept.length > 0 ? kept.take() : bytes.subarray(start, end),
      );
    } else if (this.#fin) {
      this.#endMessage();
    }
    return end;
  }

  #endMessage(): void {
    const text = this.#messageOpcode === Opcode.text;
    this.#messageOpcode = Opcode.continuation;
    this.#fragments = 0;
    const payload = this.#message?.take() ?? Buffer.alloc(0);
    if (this.#encoded) return this.#decode(payload, text);
    if (text && this.#utf8?.end() === false) return void this.#failText();
    if (text) this.#sink.onText(payload.toString("utf8"));
    else this.#sink.onBytes(payload);
  }

  /** Has the extension decode a message, at once if that is quickly done. */
  #decode(payload: Uint8Array, text: boolean): void {
    this.#encoded = false;
    if (this.#indifferent) return;
    this.#decodingText = text;
    const decoded = this.#extension!.decode(payload, this.#maxMessageSize);
    if (decoded !== undefined) return this.#tellDecoded(decoded);
    // It was held a moment ago, so there is room.
    this.#budget.take(payload.length);
    this.#decoding = payload.length;
    this.#sink.onDecoding?.();
  }

  #endDecoding(): void {
    if (this.#decoding === undefined) return;
    this.#budget.release(this.#decoding);
    this.#decoding = undefined;
  }

  /** §8.1: what counts as text is what the extension gives. */
  #tellDecoded(decoded: Uint8Array | ProtocolError): void {
    if (decoded instanceof ProtocolError) this.#failWith(decoded);
    else if (!this.#decodingText) this.#sink.onBytes(decoded);
    else if (isUtf8(decoded)) this.#sink.onText(asBuffer(decoded).toString("utf8"));
    else this.#failText();
  }

  #endControl(payload: Buffer): void {
    if (this.#opcode === Opcode.ping) return this.#sink.onPing(payload);
    if (this.#opcode === Opcode.pong) return this.#sink.onPong(payload);

    // §5.5.1: the body is empty, or a code of two octets and a reason in UTF-8.
    if (payload.length === 0) return this.#receiveClose(CloseCode.noStatus, "");
    if (payload.length === 1) {
      return void this.#fail("ERR_CLOSE_FRAME", 1002, "close frame with a payload of 1 byte");
    }
    const code = payload.readUInt16BE(0);
    if (!isCloseCode(code)) {
      return void this.#fail("ERR_CLOSE_FRAME", 1002, `close frame with code ${code}`);
    }
    const reason = payload.subarray(2);
    if (!isUtf8(reason)) return void this.#failText();
    this.#receiveClose(code, reason.toString("utf8"));
  }

  #receiveClose(code: number, reason: string): void {
    this.dispose();
    this.#sink.onClose(code, reason);
  }

  /** Unmasks a part of the payload, if it is masked at all; see {@link mask} for what it returns. */
  #unmask(bytes: Buffer, start: number, end: number): number {
    return this.role === "server" ? mask(bytes, start, end, this.#key, this.#taken) : 0;
  }

  #failText(): number {
    return this.#fail("ERR_TEXT_UTF8", 1007, "text is not valid UTF-8");
  }

  #failBudget(): number {
    const { limit } = this.#budget;
    return this.#fail(
      "ERR_PARTIAL_BUDGET",
      1008,
      `unfinished messages would hold more than ${limit} bytes`,
    );
  }

  /** Fails the connection (§7.1.7); returns 0, which ends every loop since nothing is heard any more. */
  #fail(code: ProtocolError["code"], closeCode: ProtocolError["closeCode"], message: string): 0 {
    this.#failWith(new ProtocolError(code, closeCode, message));
    return 0;
  }

  #failWith(error: ProtocolError): void {
    this.dispose();
    this.#sink.onFail(error);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
