import type { ProtocolError } from "../errors.ts";
import { DeflateContext } from "./deflate-context.ts";
import type { DeflateShare } from "./deflate-share.ts";
import type { Extension } from "./extension.ts";
import { asBuffer } from "./message-reader.ts";
import type { Inflater } from "./inflater.ts";
import { SlidingWindow } from "./sliding-window.ts";

/** What the handshake settled for one direction (RFC 7692 §7.1). */
export interface DeflateDirection {
  /** How far a message may look back, as a power of 2: 8 to 15. */
  readonly windowBits: number;
  /** Whether a message may look back into those before it. */
  readonly contextTakeover: boolean;
}

/** The extension `permessage-deflate` of one connection (RFC 7692 §7.2). */
export class PermessageDeflate implements Extension {
  /** RSV1 (RFC 7692 §7.2.1). */
  readonly rsv = 4;
  /** How far what we send may look back: what is compressed elsewhere must respect it. */
  readonly windowBits: number;
  readonly #share: DeflateShare;
  readonly #takesOver: boolean;
  #context: DeflateContext | undefined;
  readonly #reach: number;
  #window: SlidingWindow | undefined;
  /** The message that is being decoded, and the inflater once it began. */
  #payload: Buffer | undefined;
  #maxSize = 0;
  #inflater: Inflater | undefined;

  /**
   * If `receiving` takes context over, the share must have room for its window: it was reserved, and is
   * given back by {@link dispose}.
   */
  constructor(share: DeflateShare, sending: DeflateDirection, receiving: DeflateDirection) {
    this.#share = share;
    this.windowBits = sending.windowBits;
    this.#takesOver = sending.contextTakeover;
    this.#reach = 1 << receiving.windowBits;
    this.#window = receiving.contextTakeover ? new SlidingWindow(this.#reach) : undefined;
  }

  decode(payload: Uint8Array, maxSize: number): Uint8Array | ProtocolError | undefined {
    this.#payload = asBuffer(payload);
    this.#maxSize = maxSize;
    return this.decodeOn();
  }

  decodeOn(): Uint8Array | ProtocolError | undefined {
    const share = this.#share;
    // What has not begun holds no inflater: many peers may wait here.
    if (share.work <= 0) return undefined;
    let inflater = this.#inflater;
    if (inflater === undefined) {
      inflater = share.takeInflater();
      inflater.begin(this.#payload!, this.#maxSize, this.#reach, this.#window);
      this.#inflater = inflater;
    }
    share.work -= inflater.step(share.work);
    const { outcome } = inflater;
    if (outcome !== undefined) this.#endDecoding();
    return outcome;
  }

  encode(payload: Uint8Array): Uint8Array | undefined {
    if (payload.length < this.#share.options.threshold) return undefined;
    const encoded = this.encodePart(payload, true);
    if (encoded.length < payload.length) return encoded;
    this.#context?.takeBack();
    return undefined;
  }

  /**
   * Compresses a part of a message, so that a long one need not be compressed at once: each part is
   * the payload of one fragment. The parts of a message follow each other, and the last one is marked.
   */
  encodePart(part: Uint8Array, last: boolean): Uint8Array {
    if (!this.#takesOver) return this.#share.deflater.compress(part, this.windowBits, last);
    this.#context ??= new DeflateContext(this.#share, this.windowBits);
    return this.#context.compress(part, last);
  }

  /**
   * A message was sent that was compressed elsewhere, so that the peer's window is not what we know:
   * the next one starts afresh.
   */
  forget(): void {
    this.#context?.forget();
  }

  /** {@link forget}s, and gives the memory for sending back until a message is encoded again. */
  release(): void {
    this.#context?.release();
  }

  dispose(): void {
    this.#context?.release();
    this.#endDecoding();
    if (this.#window !== undefined) this.#share.release(this.#window.size);
    this.#window = undefined;
  }

  #endDecoding(): void {
    if (this.#inflater !== undefined) this.#share.returnInflater(this.#inflater);
    this.#inflater = undefined;
    this.#payload = undefined;
  }
}
