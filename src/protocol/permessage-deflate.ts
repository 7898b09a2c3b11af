import { inflateRawSync } from "node:zlib";
import { ProtocolError } from "../errors.ts";
import type { DeflateShare } from "./deflate-share.ts";
import type { Extension } from "./extension.ts";

/** What the handshake settled for one direction (RFC 7692 §7.1). */
export interface DeflateDirection {
  /** How far a message may look back, as a power of 2: 8 to 15. */
  readonly windowBits: number;
  /** Whether a message may look back into those before it. */
  readonly contextTakeover: boolean;
}

/** The extension `permessage-deflate` of one connection (RFC 7692 §7.2). */
export class PermessageDeflate implements Extension {
  readonly rsv = 4;
  /** How far what we send may look back: {@link DeflateShare.compress} must respect it. */
  readonly windowBits: number;
  readonly #share: DeflateShare;

  /** `receiving.contextTakeover` says that the window was reserved: it is given back by {@link dispose}. */
  constructor(share: DeflateShare, sending: DeflateDirection, _receiving: DeflateDirection) {
    this.#share = share;
    this.windowBits = sending.windowBits;
  }

  decode(payload: Uint8Array, maxSize: number): Uint8Array | ProtocolError | undefined {
    try {
      const whole = Buffer.concat([payload, Buffer.of(0, 0, 0xff, 0xff, 3, 0)]);
      return inflateRawSync(whole, { maxOutputLength: maxSize });
    } catch {
      return new ProtocolError("ERR_FRAME_EXTENSION", 1007, "corrupt deflate data");
    }
  }

  decodeOn(): Uint8Array | ProtocolError | undefined {
    return undefined;
  }

  encode(payload: Uint8Array): Uint8Array | undefined {
    if (payload.length < this.#share.options.threshold) return undefined;
    return this.#share.compress(payload, this.windowBits);
  }

  /**
   * Compresses a part of a message, so that a long one need not be compressed at once: each part is
   * the payload of one fragment. All parts of a message follow each other, the last one says so.
   */
  encodePart(part: Uint8Array, last: boolean): Uint8Array {
    const bytes = this.#share.compress(part, this.windowBits);
    return last ? bytes : Buffer.concat([bytes, Buffer.of(0, 0, 0xff, 0xff)]);
  }

  /**
   * A message was sent that was compressed elsewhere, so our history is not what the peer has: the
   * next one starts afresh.
   */
  forget(): void {}

  /** {@link forget}s, and gives the memory for sending back until a message is encoded again. */
  release(): void {}

  dispose(): void {}
}
