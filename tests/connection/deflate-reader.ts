import { constants, inflateRawSync } from "node:zlib";

/** A message of a server that compresses. */
export interface DeflateMessage {
  readonly data: string | Buffer;
  readonly compressed: boolean;
  /** In how many frames it came. */
  readonly frames: number;
  /** How long it was on the way. */
  readonly size: number;
}

/**
 * Reads what a server wrote as a client with context takeover does (RFC 7692 §7.2.2), on zlib: each
 * message may refer to the 32 KiB before it. Control frames are passed over.
 */
export class DeflateReader {
  #position = 0;
  #history: Buffer = Buffer.alloc(0);

  /** The messages that are new in everything that was written so far. */
  *read(wire: Buffer): Generator<DeflateMessage> {
    let parts: Buffer[] = [];
    let first = 0;
    let at = this.#position;
    while (at + 2 <= wire.length) {
      const head = wire[at]!;
      const short = wire[at + 1]!;
      if (short > 127) throw new Error("a server does not mask");
      const size = short < 126 ? 2 : short === 126 ? 4 : 10;
      const length =
        short < 126
          ? short
          : short === 126
            ? wire.readUInt16BE(at + 2)
            : Number(wire.readBigUInt64BE(at + 2));
      at += size + length;
      if (at > wire.length) return;
      const opcode = head & 15;
      if (opcode > 7) continue;
      if ((opcode === 0) !== parts.length > 0) throw new Error("fragments of two messages mixed");
      if (opcode === 0 && (head & 0x70) !== 0) throw new Error("reserved bits on a continuation");
      if (parts.length === 0) first = head;
      parts.push(wire.subarray(at - length, at));
      if (head < 0x80) continue;
      this.#position = at;
      const payload = Buffer.concat(parts);
      const compressed = (first & 0x40) !== 0;
      const data = compressed ? this.#inflate(payload) : payload;
      yield {
        data: (first & 15) === 1 ? data.toString() : data,
        compressed,
        frames: parts.length,
        size: payload.length,
      };
      parts = [];
    }
  }

  #inflate(payload: Buffer): Buffer {
    const bytes = Buffer.concat([payload, Buffer.of(0, 0, 0xff, 0xff)]);
    const finishFlush = constants.Z_SYNC_FLUSH;
    const dictionary = this.#history.length > 0 ? { dictionary: this.#history } : {};
    const data = inflateRawSync(bytes, { ...dictionary, finishFlush });
    this.#history = Buffer.concat([this.#history, data]).subarray(-32768);
    return data;
  }
}
