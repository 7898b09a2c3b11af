import { frame, headerSize, textFrame } from "../protocol/frame.ts";
import { Opcode, type Role } from "../protocol/opcode.ts";

/** A message of more characters or bytes than this leaves in pieces. */
export const longestWhole: number = 256 * 1024;

/**
 * The size of a piece, or of what it is compressed from. To compress it takes a few milliseconds; a
 * peer has the close timeout to take it.
 */
const slice = 128 * 1024;

/** Makes what a fragment of a compressed message carries; the `last` one ends the message. */
export type Compress = (bytes: Uint8Array, last: boolean) => Uint8Array;

/**
 * A message that is too long for one write. It leaves piece by piece, each when the transport has
 * taken the one before: a peer that reads slowly but steadily is seen to read.
 *
 * Its pieces are made once for all connections that are sent it in one turn.
 */
export interface LongMessage {
  /** What was sent, before any encoding. */
  readonly data: string | Uint8Array;
  /** Its bytes, before any encoding. */
  readonly size: number;
  /** Whether each piece is a frame, made when it is asked for: others may come in between. */
  readonly fragmented: boolean;
  /** One piece after the other, then undefined. */
  piece(index: number): Buffer | undefined;
  /** About how many bytes are left in the pieces from `index` on. */
  sizeFrom(index: number): number;
  /** Whether it still has the bytes that somebody wants to send. */
  carries(bytes: Uint8Array): boolean;
}

/** A message in one frame, cut for the transport's sake. */
export class CutMessage implements LongMessage {
  readonly data: string | Uint8Array;
  readonly size: number;
  readonly fragmented = false;
  readonly #frame: Buffer;

  constructor(data: string | Uint8Array, role: Role) {
    this.data = data;
    this.#frame =
      typeof data === "string" ? textFrame(data, role) : frame(Opcode.binary, data, role);
    this.size = this.#frame.length - headerSize(this.#frame.length, role);
  }

  piece(index: number): Buffer | undefined {
    const start = index * slice;
    if (start >= this.#frame.length) return undefined;
    return this.#frame.subarray(start, start + slice);
  }

  sizeFrom(index: number): number {
    return Math.max(0, this.#frame.length - index * slice);
  }

  carries(bytes: Uint8Array): boolean {
    const own = this.#frame;
    return own.compare(bytes, 0, bytes.length, own.length - bytes.length) === 0;
  }
}

/**
 * A message that is compressed as it leaves, one fragment after the other (RFC 7692 §6.1, §6.2.2),
 * so that not even the longest one holds the loop up.
 */
export class CompressedMessage implements LongMessage {
  readonly data: string | Uint8Array;
  readonly size: number;
  readonly fragmented = true;
  readonly #payload: Buffer;
  readonly #compress: Compress;
  readonly #role: Role;
  readonly #frames: Buffer[] = [];

  constructor(data: string | Uint8Array, role: Role, compress: Compress) {
    this.data = data;
    // A copy: the sender may change its bytes before they are compressed.
    this.#payload = typeof data === "string" ? Buffer.from(data, "utf8") : Buffer.from(data);
    this.size = this.#payload.length;
    this.#compress = compress;
    this.#role = role;
  }

  piece(index: number): Buffer | undefined {
    if (index * slice >= this.#payload.length) return undefined;
    this.#frames[index] ??= this.#fragment(index);
    return this.#frames[index];
  }

  sizeFrom(index: number): number {
    return Math.max(0, this.#payload.length - index * slice);
  }

  carries(bytes: Uint8Array): boolean {
    return this.#payload.equals(bytes);
  }

  #fragment(index: number): Buffer {
    const end = (index + 1) * slice;
    const last = end >= this.#payload.length;
    const payload = this.#compress(this.#payload.subarray(index * slice, end), last);
    const kind = typeof this.data === "string" ? Opcode.text : Opcode.binary;
    const first = index === 0;
    return frame(first ? kind : Opcode.continuation, payload, this.#role, first ? 4 : 0, last);
  }
}
