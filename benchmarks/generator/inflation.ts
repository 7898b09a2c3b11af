import { constants, deflateRawSync, inflateRawSync } from "node:zlib";

/** What a message ends with before it is sent without it (RFC 7692 §7.2.1). */
const tail = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** What one side does with its context, as it was negotiated. */
export interface Context {
  readonly kept: boolean;
  /** The window, as a power of two. */
  readonly bits: number;
}

/** Compresses one message after the other with zlib (RFC 7692 §7.2.1). */
export class Deflation {
  readonly #context: Context;
  #window: Buffer = Buffer.alloc(0);

  constructor(context: Context) {
    this.#context = context;
  }

  message(message: Buffer): Buffer {
    const bytes = deflateRawSync(message, {
      windowBits: this.#context.bits,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...dictionary(this.#window),
    });
    this.#window = grown(this.#window, message, this.#context);
    if (!bytes.subarray(-4).equals(tail)) throw new Error("zlib did not flush");
    return bytes.subarray(0, -4);
  }
}

/** Inflates one message after the other with zlib (RFC 7692 §7.2.2). */
export class Inflation {
  readonly #context: Context;
  #window: Buffer = Buffer.alloc(0);

  constructor(context: Context) {
    this.#context = context;
  }

  message(payload: Buffer): Buffer {
    const message = inflateRawSync(Buffer.concat([payload, tail]), {
      windowBits: 15,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...dictionary(this.#window),
    });
    this.#window = grown(this.#window, message, this.#context);
    return message;
  }
}

function dictionary(window: Buffer): { dictionary?: Buffer } {
  return window.length === 0 ? {} : { dictionary: window };
}

function grown(window: Buffer, message: Buffer, { kept, bits }: Context): Buffer {
  if (!kept) return window;
  return Buffer.concat([window, message]).subarray(-(2 ** bits));
}
