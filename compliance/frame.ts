/**
 * A frame as the tester writes and reads it (RFC 6455 §5.2). Written anew, so that the tester is a
 * witness of its own and shares no mistake with the engine that it judges.
 */
export interface Frame {
  readonly opcode: number;
  readonly fin: boolean;
  /** The three reserved bits as one number: RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv: number;
  readonly payload: Buffer;
}

/** Writes a whole frame, masked if a key is given, whether or not the RFC allows such a frame. */
export function writeFrame(frame: Frame, key?: Buffer): Buffer {
  return Buffer.concat([
    writeHead(frame, frame.payload.length, key),
    key ? mask(frame.payload, key) : frame.payload,
  ]);
}

/** Writes what stands before a payload of `length` octets. */
export function writeHead(frame: Omit<Frame, "payload">, length: number, key?: Buffer): Buffer {
  const masked = key ? 0x80 : 0;
  const first = (frame.fin ? 0x80 : 0) | (frame.rsv << 4) | frame.opcode;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
  head[0] = first;
  head[1] = masked | (length < 126 ? length : length < 65536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return key ? Buffer.concat([head, key]) : head;
}

/** Masks or unmasks a payload, or the part of one that begins at `offset`. */
export function mask(payload: Buffer, key: Buffer, offset = 0): Buffer {
  const masked = Buffer.allocUnsafe(payload.length);
  for (let i = 0; i < payload.length; i++) {
    masked[i] = (payload[i] as number) ^ (key[(offset + i) & 3] as number);
  }
  return masked;
}

/** Something that the peer must never send. */
export class Violation extends Error {}

/** Reads the peer's frames out of its octets and lets nothing pass that the RFC forbids. */
export class FrameReader {
  /** What came and is not read yet, in the pieces that it came in. */
  #pieces: Buffer[] = [];
  #length = 0;
  /** How many octets it takes to get any further. */
  #needed = 2;
  readonly #masked: boolean;
  readonly #compressed: boolean;

  /**
   * @param masked whether the peer is the client
   * @param compressed whether permessage-deflate was agreed on, so that RSV1 has a meaning
   */
  constructor(masked: boolean, compressed = false) {
    this.#masked = masked;
    this.#compressed = compressed;
  }

  /** The frames that are complete with `chunk`. */
  *read(chunk: Buffer): Generator<Frame> {
    this.#pieces.push(chunk);
    this.#length += chunk.length;
    for (let frame = this.#next(); frame; frame = this.#next()) yield frame;
  }

  #next(): Frame | undefined {
    if (this.#length < this.#needed) return undefined;
    const [only, ...more] = this.#pieces;
    const octets = more.length === 0 && only ? only : Buffer.concat(this.#pieces);
    const { frame, size } = this.#parse(octets);
    this.#pieces = frame ? [octets.subarray(size)] : [octets];
    this.#length = frame ? octets.length - size : octets.length;
    this.#needed = frame ? 2 : size;
    return frame;
  }

  /** The first frame and its size, or how many octets it takes to know more. */
  #parse(octets: Buffer): { frame?: Frame; size: number } {
    const [first = 0, second = 0] = octets;
    const fin = first >= 0x80;
    const rsv = (first >> 4) & 7;
    const opcode = first & 15;
    const masked = second >= 0x80;
    const short = second & 0x7f;

    this.#expectReserved(rsv, opcode);
    if ((opcode & 7) > 2) throw new Violation(`reserved opcode ${opcode}`);
    if (opcode > 7 && !fin) throw new Violation("fragmented control frame");
    if (opcode > 7 && short > 125) throw new Violation("control frame over 125 octets");
    if (masked !== this.#masked) throw new Violation(masked ? "masked frame" : "unmasked frame");

    const lengthEnd = short < 126 ? 2 : short === 126 ? 4 : 10;
    const start = lengthEnd + (masked ? 4 : 0);
    if (octets.length < start) return { size: start };
    const length =
      short < 126
        ? short
        : short === 126
          ? octets.readUInt16BE(2)
          : Number(octets.readBigUInt64BE(2));
    if (short === 126 ? length < 126 : short === 127 && length < 65536) {
      throw new Violation(`length ${length} not in its shortest form`);
    }
    const size = start + length;
    if (octets.length < size) return { size };

    const payload = octets.subarray(start, size);
    const key = octets.subarray(lengthEnd, start);
    return { frame: { opcode, fin, rsv, payload: masked ? mask(payload, key) : payload }, size };
  }

  #expectReserved(rsv: number, opcode: number): void {
    if (rsv === 0) return;
    if (!this.#compressed) throw new Violation(`reserved bits ${rsv} without an extension`);
    if (rsv !== 4) throw new Violation(`reserved bits ${rsv}, of which only RSV1 has a meaning`);
    // RFC 7692 §6: it marks the first frame of a message, and nothing else.
    if (opcode !== 1 && opcode !== 2) throw new Violation(`RSV1 in a frame of opcode ${opcode}`);
  }
}
