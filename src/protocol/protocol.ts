import { UsageError } from "../errors.ts";
import { checkClose } from "./close-code.ts";
import { closeFrame, frame, maxControlPayload, textFrame } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { Opcode } from "./opcode.ts";

export type { ProtocolOptions, ProtocolSink } from "./message-reader.ts";

/**
 * RFC 6455 after the opening handshake, both halves, without any I/O.
 *
 * Bytes from the wire go into `receive` and come out as calls of the sink. What is to be sent goes
 * into `text`, `bytes`, `ping`, `pong` or `close` and comes back as the frame to write: in the
 * right role, masked or not, and never one after a close frame.
 */
export class Protocol extends FrameReader {
  #closeSent = false;

  /** Whether a close frame was made by {@link close}. */
  get closeSent(): boolean {
    return this.#closeSent;
  }

  /**
   * The frame of a text message, which the extension may encode. @throws UsageError after a close
   * frame.
   */
  text(message: string, encode = true): Buffer {
    this.#checkOpen();
    if (this.extension === undefined || !encode) return textFrame(message, this.role);
    return this.#encoded(Opcode.text, Buffer.from(message, "utf8"));
  }

  /** The frame of a binary message, likewise. @throws UsageError after a close frame. */
  bytes(message: Uint8Array, encode = true): Buffer {
    this.#checkOpen();
    if (this.extension === undefined || !encode) return frame(Opcode.binary, message, this.role);
    return this.#encoded(Opcode.binary, message);
  }

  /** A ping frame. @throws UsageError over 125 bytes, or after a close frame. */
  ping(payload: Uint8Array): Buffer {
    this.#checkOpen();
    return this.#controlFrame(Opcode.ping, payload);
  }

  /**
   * A pong frame. It is due even after our close frame: only the peer's ends that duty (§5.5.2).
   * @throws UsageError over 125 bytes.
   */
  pong(payload: Uint8Array): Buffer {
    return this.#controlFrame(Opcode.pong, payload);
  }

  /**
   * The close frame, the last one that goes out. @throws UsageError for a code or a reason that may
   * not be sent, or when one was made before.
   */
  close(code?: number, reason = ""): Buffer {
    checkClose(code, reason);
    this.#checkOpen();
    this.#closeSent = true;
    return closeFrame(code, reason, this.role);
  }

  /** The frame of what the extension makes of a message (§9); of the message, if it leaves it alone. */
  #encoded(opcode: number, payload: Uint8Array): Buffer {
    const extension = this.extension!;
    const encoded = extension.encode(payload);
    if (encoded === undefined) return frame(opcode, payload, this.role);
    return frame(opcode, encoded, this.role, extension.rsv);
  }

  #controlFrame(opcode: number, payload: Uint8Array): Buffer {
    if (payload.length > maxControlPayload) {
      throw new UsageError(
        "ERR_CONTROL_PAYLOAD",
        `control frame of ${payload.length} bytes exceeds the limit of ${maxControlPayload}`,
      );
    }
    return frame(opcode, payload, this.role);
  }

  #checkOpen(): void {
    if (this.#closeSent) {
      // §5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
      throw new UsageError("ERR_CONNECTION_ENDED", "a close frame was sent: nothing may follow it");
    }
  }
}
