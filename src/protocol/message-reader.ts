import { isUtf8 } from "node:buffer";
import { ProtocolError } from "../errors.ts";
import { CloseCode, isCloseCode } from "./close-code.ts";
import type { Extension } from "./extension.ts";
import { Opcode, type Role } from "./opcode.ts";
import { PartialBudget, PartialMessage } from "./partial-message.ts";
import { Utf8Validator } from "./utf8.ts";

/** What a {@link MessageReader} tells of: one call each, while `receive` runs, in the order of the wire. */
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

/** Options of a {@link MessageReader}. */
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
 * Puts messages together from frames (RFC 6455 §5.4, §5.5), and tells of them: the upper half of
 * receiving. A message may span frames, and control frames may come in between.
 */
export abstract class MessageReader {
  readonly role: Role;
  protected readonly sink: ProtocolSink;
  protected readonly maxMessageSize: number;
  protected readonly extension: Extension | undefined;
  readonly #budget: PartialBudget;

  /** Nothing that the peer sends matters any more. */
  protected deaf = false;
  /** The opcode of the message that is being read, or `continuation` while there is none. */
  protected messageOpcode: number = Opcode.continuation;
  /** Whether the extension encoded it. */
  protected encoded = false;
  /** Frames of it that have begun. */
  protected fragments = 0;
  #message: PartialMessage | undefined;
  #control: PartialMessage | undefined;
  #utf8: Utf8Validator | undefined;

  /** The payload that the extension decodes, while it is not done with it. */
  #decoding: { readonly size: number; readonly text: boolean } | undefined;
  /** Nobody wants messages any more. */
  #indifferent = false;

  constructor(options: ProtocolOptions) {
    this.role = options.role;
    this.sink = options.sink;
    this.maxMessageSize = options.maxMessageSize ?? 1024 * 1024;
    this.extension = options.extension;
    this.#budget = options.budget ?? new PartialBudget(64 * 1024 * 1024);
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
    const decoding = this.#decoding;
    if (decoding === undefined) return true;
    const decoded = this.extension!.decodeOn();
    if (decoded === undefined) return false;
    this.#endDecoding();
    this.#tellDecoded(decoded, decoding.text);
    return true;
  }

  /** Nobody wants messages any more: no work is spent on decoding one from here on. */
  ignoreMessages(): void {
    this.#indifferent = true;
    this.#endDecoding();
  }

  /** Gives back the memory of a message that will not end. Nothing is received after this. */
  dispose(): void {
    this.deaf = true;
    this.#endDecoding();
    this.#message?.discard();
    this.#message = undefined;
    this.#control?.discard();
    this.#control = undefined;
  }

  /** Bytes of the message that is being read, so far. */
  protected get messageLength(): number {
    return this.#message?.length ?? 0;
  }

  /** A frame of a message begins; false if it is one too many. */
  protected beginFrame(opcode: number, encoded: boolean): boolean {
    if (opcode !== Opcode.continuation) {
      this.messageOpcode = opcode;
      this.encoded = encoded;
      this.fragments = 1;
      return true;
    }
    if (++this.fragments <= maxFragments) return true;
    const message = `more than ${maxFragments} fragments in one message`;
    this.fail("ERR_FRAGMENT_FLOOD", 1008, message);
    return false;
  }

  /** Adds payload to the message; `due` is how much more will end it, or 0 as long as nobody knows. */
  protected append(bytes: Buffer, start: number, end: number, due: number): boolean {
    if (this.messageOpcode === Opcode.text && !this.encoded) {
      this.#utf8 ??= new Utf8Validator();
      // §8.1: not valid UTF-8 fails the connection; at once, not when the message is complete.
      if (!this.#utf8.push(bytes, start, end)) return this.#failText();
    }
    this.#message ??= new PartialMessage(this.#budget);
    return this.#message.append(bytes, start, end, due) || this.#failBudget();
  }

  /** The last frame of the message is complete. */
  protected endMessage(): void {
    const payload = this.#message?.take() ?? Buffer.alloc(0);
    const complete = this.#utf8?.end() ?? true;
    this.#message = undefined;
    this.#utf8 = undefined;
    if (complete) this.tell(payload, this.encoded);
    else this.#failText();
  }

  /** Tells of a whole message, whose payload is not checked unless the extension has to decode it. */
  protected tell(payload: Buffer, encoded: boolean): void {
    const text = this.messageOpcode === Opcode.text;
    this.messageOpcode = Opcode.continuation;
    if (encoded) this.#decode(payload, text);
    else if (text) this.sink.onText(payload.toString("utf8"));
    else this.sink.onBytes(payload);
  }

  /** Has the extension decode a message, at once if that is quickly done. */
  #decode(payload: Uint8Array, text: boolean): void {
    if (this.#indifferent) return;
    const decoded = this.extension!.decode(payload, this.maxMessageSize);
    if (decoded !== undefined) return this.#tellDecoded(decoded, text);
    if (!this.#budget.take(payload.length)) return void this.#failBudget();
    this.#decoding = { size: payload.length, text };
    this.sink.onDecoding?.();
  }

  #endDecoding(): void {
    if (this.#decoding === undefined) return;
    this.#budget.release(this.#decoding.size);
    this.#decoding = undefined;
  }

  /** §8.1: what counts as text is what the extension gives. */
  #tellDecoded(decoded: Uint8Array | ProtocolError, text: boolean): void {
    if (decoded instanceof ProtocolError) this.#failWith(decoded);
    else if (!text) this.sink.onBytes(decoded);
    else this.tellText(asBuffer(decoded));
  }

  /** Tells of a text, if it is one. */
  protected tellText(bytes: Buffer): void {
    if (isUtf8(bytes)) this.sink.onText(bytes.toString("utf8"));
    else this.#failText();
  }

  /** Keeps the part of a control frame's payload that is here. */
  protected keepControl(bytes: Buffer, start: number, end: number, due: number): boolean {
    this.#control ??= new PartialMessage(this.#budget);
    return this.#control.append(bytes, start, end, due) || this.#failBudget();
  }

  /** A control frame is complete; `payload` is its payload unless a part of it was kept. */
  protected endControl(opcode: number, payload: Buffer): void {
    const kept = this.#control;
    const whole = kept !== undefined && kept.length > 0 ? kept.take() : payload;
    this.#control = undefined;
    if (opcode === Opcode.ping) this.sink.onPing(whole);
    else if (opcode === Opcode.pong) this.sink.onPong(whole);
    else this.#endClose(whole);
  }

  /** §5.5.1: the body is empty, or a code of two octets and a reason in UTF-8. */
  #endClose(payload: Buffer): void {
    if (payload.length === 0) return this.#tellClose(CloseCode.noStatus, "");
    if (payload.length === 1) {
      return void this.fail("ERR_CLOSE_FRAME", 1002, "close frame with a payload of 1 byte");
    }
    const code = payload.readUInt16BE(0);
    if (!isCloseCode(code)) {
      return void this.fail("ERR_CLOSE_FRAME", 1002, `close frame with code ${code}`);
    }
    const reason = payload.subarray(2);
    if (!isUtf8(reason)) return void this.#failText();
    this.#tellClose(code, reason.toString("utf8"));
  }

  #tellClose(code: number, reason: string): void {
    this.dispose();
    this.sink.onClose(code, reason);
  }

  #failText(): false {
    return this.fail("ERR_TEXT_UTF8", 1007, "text is not valid UTF-8");
  }

  #failBudget(): false {
    const { limit } = this.#budget;
    const message = `unfinished messages would hold more than ${limit} bytes`;
    return this.fail("ERR_PARTIAL_BUDGET", 1008, message);
  }

  /** Fails the connection (§7.1.7). Returns false: nothing is heard any more. */
  protected fail(
    code: ProtocolError["code"],
    closeCode: ProtocolError["closeCode"],
    message: string,
  ): false {
    this.#failWith(new ProtocolError(code, closeCode, message));
    return false;
  }

  #failWith(error: ProtocolError): void {
    this.dispose();
    this.sink.onFail(error);
  }
}

/** The same bytes as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
