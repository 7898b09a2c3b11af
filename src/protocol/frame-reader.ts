import type { ProtocolError } from "../errors.ts";
import { BufferView } from "./buffer-view.ts";
import { maxControlPayload, maxHeaderSize } from "./frame.ts";
import { mask } from "./mask.ts";
import { asBuffer, MessageReader } from "./message-reader.ts";
import { Opcode } from "./opcode.ts";

/**
 * The receiving half of RFC 6455 after the opening handshake: bytes in, messages out. It takes the
 * bytes apart into frames (§5.2); {@link MessageReader} puts the messages together.
 *
 * It never throws on what the peer sends. Once it told of a close frame or a failure it ignores the
 * rest.
 */
export class FrameReader extends MessageReader {
  /** Nobody wants to be told of anything for now; what came meanwhile is kept. */
  #held = false;
  #rest: Buffer | undefined;
  /** Control frames and empty fragments since somebody asked. */
  #bare = 0;

  // The frame that is being read.
  #opcode = 0;
  #fin = false;
  #key = 0;
  /** Payload bytes of it that are still due. */
  #due = 0;
  /** Payload bytes of it that came; their number mod 4 is the mask's phase. */
  #taken = 0;
  /** The octets of a header that is not complete. */
  #header: { readonly bytes: Buffer; length: number } | undefined;

  /** Whether a message or a frame has begun that has not ended. */
  get partial(): boolean {
    return (
      this.messageOpcode !== Opcode.continuation || this.#due > 0 || this.#header !== undefined
    );
  }

  /**
   * Takes bytes as they come from the wire, in pieces of any size. The chunk belongs to the protocol
   * from here on: it is unmasked in place, and messages are views into it.
   */
  receive(chunk: Uint8Array): void {
    const bytes = asBuffer(chunk);
    if (!this.#waits()) this.#read(bytes);
    else if (!this.deaf) this.#rest = Buffer.concat([this.#rest ?? Buffer.alloc(0), bytes]);
  }

  /**
   * How many control frames and empty fragments came since it was asked last. They cost the sender
   * next to nothing and no message comes of them: who has a clock can see to it that they stay few.
   */
  takeBareFrames(): number {
    const bare = this.#bare;
    this.#bare = 0;
    return bare;
  }

  /** Stops after the message that is being told of: what is left of the bytes waits. */
  hold(): void {
    this.#held = true;
  }

  /** Goes on, with what waits first. */
  release(): void {
    this.#held = false;
    if (this.#waits()) return;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#read(rest);
  }

  override dispose(): void {
    super.dispose();
    this.#rest = undefined;
  }

  /** Whether bytes have to wait. */
  #waits(): boolean {
    return this.#held || this.decoding;
  }

  #read(bytes: Buffer): void {
    // Looked up once for all the views over it.
    const memory = bytes.buffer;
    let position = 0;
    while (position < bytes.length && !this.deaf) {
      if (this.#waits()) {
        this.#rest = bytes.subarray(position);
        return;
      }
      if (this.#due > 0) {
        position = this.#takePayload(bytes, position);
      } else if (this.#header !== undefined) {
        position = this.#continueHeader(bytes, memory, position);
      } else {
        const size = this.#readHeader(bytes, position, bytes.length);
        if (size === 0) position = this.#keepHeader(bytes, position);
        else position = this.#beginPayload(bytes, memory, position + size);
      }
    }
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
    if (rsv !== 0 && (control || opcode === Opcode.continuation || rsv !== this.extension?.rsv)) {
      return this.#failHeader(
        "ERR_FRAME_RSV",
        1002,
        `reserved bits ${rsv} on a frame of opcode ${opcode}`,
      );
    }
    if ((opcode > Opcode.binary && opcode < Opcode.close) || opcode > Opcode.pong) {
      return this.#failHeader("ERR_FRAME_OPCODE", 1002, `reserved opcode ${opcode}`);
    }
    // §5.4: fragments of one message follow each other, only control frames may come in between.
    if (
      !control &&
      (opcode === Opcode.continuation) === (this.messageOpcode === Opcode.continuation)
    ) {
      const what =
        opcode === Opcode.continuation
          ? "continuation without a message"
          : "new message inside another";
      return this.#failHeader("ERR_FRAME_CONTINUATION", 1002, what);
    }
    // §5.5: "All control frames … MUST NOT be fragmented."
    if (control && !fin)
      return this.#failHeader("ERR_FRAME_CONTROL", 1002, "fragmented control frame");
    if (end - start < 2) return 0;

    const second = bytes[start + 1]!;
    const masked = (second & 0x80) !== 0;
    // §5.1: clients mask, servers do not.
    if (masked !== (this.role === "server")) {
      return this.#failHeader(
        "ERR_FRAME_MASK",
        1002,
        masked ? "masked frame from a server" : "unmasked frame from a client",
      );
    }
    let length = second & 0x7f;
    // §5.5: a control frame has a payload of 125 bytes or less.
    if (control && length > maxControlPayload) {
      return this.#failHeader(
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
        return this.#failHeader("ERR_FRAME_LENGTH", 1002, `length ${length} in the 16-bit form`);
    } else if (length === 127) {
      if (end - start < 10) return 0;
      const high = bytes.readUInt32BE(start + 2);
      length = high * 2 ** 32 + bytes.readUInt32BE(start + 6);
      size = 10;
      // §5.2: "the most significant bit MUST be 0".
      if (high >= 2 ** 31)
        return this.#failHeader("ERR_FRAME_LENGTH", 1002, "length with its highest bit set");
      if (length < 65536)
        return this.#failHeader("ERR_FRAME_LENGTH", 1002, `length ${length} in the 64-bit form`);
    }
    if (!control) {
      const total = length + this.messageLength;
      if (total > this.maxMessageSize) {
        return this.#failHeader(
          "ERR_MESSAGE_TOO_BIG",
          1009,
          `message of ${total} bytes exceeds the limit of ${this.maxMessageSize}`,
        );
      }
    }
    if (masked) {
      if (end - start < size + 4) return 0;
      this.#key = keyAt(bytes, start + size);
      size += 4;
    }
    this.#opcode = opcode;
    this.#fin = fin;
    this.#due = length;
    this.#taken = 0;
    if (control || (length === 0 && !fin)) this.#bare++;
    if (!control && !this.beginFrame(opcode, rsv !== 0)) return 0;
    return size;
  }

  /** Keeps the octets of a header that is not complete. */
  #keepHeader(bytes: Buffer, position: number): number {
    if (this.deaf) return bytes.length;
    const header = Buffer.alloc(maxHeaderSize);
    this.#header = { bytes: header, length: bytes.copy(header, 0, position) };
    return bytes.length;
  }

  /** Adds octets to a kept header until it is complete. */
  #continueHeader(bytes: Buffer, memory: ArrayBufferLike, start: number): number {
    const header = this.#header!;
    let position = start;
    while (position < bytes.length && !this.deaf) {
      header.bytes[header.length++] = bytes[position++]!;
      if (this.#readHeader(header.bytes, 0, header.length) > 0) {
        this.#header = undefined;
        return this.#beginPayload(bytes, memory, position);
      }
    }
    return position;
  }

  /** The header is complete. The common case ends here: a whole message, in one frame, in one piece. */
  #beginPayload(bytes: Buffer, memory: ArrayBufferLike, start: number): number {
    const end = start + this.#due;
    if (!this.#fin || end > bytes.length || this.fragments !== 1 || this.#opcode > Opcode.binary) {
      return this.#due > 0 ? this.#takePayload(bytes, start) : this.#endFrame(bytes, start, start);
    }
    this.#due = 0;
    const ascii = this.#unmask(bytes, start, end) < 0x80;
    if (this.encoded) {
      this.tell(bytes.subarray(start, end), true);
      return end;
    }
    this.messageOpcode = Opcode.continuation;
    if (this.#opcode === Opcode.binary)
      this.sink.onBytes(new BufferView(memory, bytes.byteOffset + start, end - start));
    else if (ascii && this.role === "server")
      this.sink.onText(bytes.toString("latin1", start, end));
    else this.tellText(bytes.subarray(start, end));
    return end;
  }

  /** Takes what is there of a payload that is fragmented, a control frame's, or not all here yet. */
  #takePayload(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + this.#due);
    this.#unmask(bytes, start, end);
    this.#taken += end - start;
    this.#due -= end - start;
    if (this.#opcode >= Opcode.close) {
      const whole = this.#due === 0 && this.#taken === end - start;
      if (!whole && !this.keepControl(bytes, start, end, this.#due)) return end;
    } else if (!this.append(bytes, start, end, this.#fin ? this.#due : 0)) {
      return end;
    }
    return this.#due === 0 ? this.#endFrame(bytes, start, end) : end;
  }

  /** A frame is complete; a control frame's payload is `bytes[start, end)` unless it was kept. */
  #endFrame(bytes: Buffer, start: number, end: number): number {
    if (this.#opcode >= Opcode.close) this.endControl(this.#opcode, bytes.subarray(start, end));
    else if (this.#fin) this.endMessage();
    return end;
  }

  /** Unmasks a part of the payload, if it is masked at all; see {@link mask} for what it returns. */
  #unmask(bytes: Buffer, start: number, end: number): number {
    return this.role === "server" ? mask(bytes, start, end, this.#key, this.#taken) : 0;
  }

  #failHeader(
    code: ProtocolError["code"],
    closeCode: ProtocolError["closeCode"],
    message: string,
  ): 0 {
    this.fail(code, closeCode, message);
    return 0;
  }
}

/** The masking key that begins at an octet, as {@link mask} takes it. */
function keyAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
