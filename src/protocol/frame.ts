import { randomFillSync } from "node:crypto";
import { mask } from "./mask.ts";
import { Opcode, type Role } from "./opcode.ts";

/**
 * Frames on their way out (RFC 6455 §5.2), always with the shortest of the three length forms. A
 * message is one frame, unless it is compressed while it leaves.
 */

/** The longest header: two octets, eight of length, four of key. */
export const maxHeaderSize = 14;

/** The longest payload of a control frame (RFC 6455 §5.5). */
export const maxControlPayload = 125;

/** How many octets the header of a frame with a payload of `length` takes. */
export function headerSize(length: number, role: Role): number {
  const size = length < 126 ? 2 : length < 65536 ? 4 : 10;
  return role === "client" ? size + 4 : size;
}

/**
 * Writes a header at `offset` and returns where the payload begins. `rsv` holds the reserved bits of
 * an extension, RSV1 as 4. With a key the MASK bit is set; the payload is for the caller to mask.
 */
export function writeHeader(
  target: Buffer,
  offset: number,
  opcode: number,
  rsv: number,
  length: number,
  key: number | undefined,
  fin = true,
): number {
  const masked = key === undefined ? 0 : 0x80;
  let position = offset;
  target[position++] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  if (length < 126) {
    target[position++] = masked | length;
  } else if (length < 65536) {
    target[position++] = masked | 126;
    target[position++] = length >>> 8;
    target[position++] = length & 0xff;
  } else {
    target[position++] = masked | 127;
    target.writeUInt32BE(Math.floor(length / 2 ** 32), position);
    target.writeUInt32BE(length % 2 ** 32, position + 4);
    position += 8;
  }
  if (key !== undefined) {
    target.writeInt32LE(key, position);
    position += 4;
  }
  return position;
}

/**
 * Makes the frame of a whole message or of a control frame, or with `fin` false of a fragment that
 * others follow; a client's is masked with a fresh key.
 */
export function frame(
  opcode: number,
  payload: Uint8Array,
  role: Role,
  rsv = 0,
  fin = true,
): Buffer {
  const size = headerSize(payload.length, role);
  const bytes = Buffer.allocUnsafe(size + payload.length);
  const key = role === "client" ? newMaskingKey() : undefined;
  writeHeader(bytes, 0, opcode, rsv, payload.length, key, fin);
  bytes.set(payload, size);
  if (key !== undefined) mask(bytes, size, bytes.length, key, 0);
  return bytes;
}

/** Makes the frame of a text message. */
export function textFrame(text: string, role: Role): Buffer {
  const length = Buffer.byteLength(text);
  const size = headerSize(length, role);
  const bytes = Buffer.allocUnsafe(size + length);
  const key = role === "client" ? newMaskingKey() : undefined;
  writeHeader(bytes, 0, Opcode.text, 0, length, key);
  bytes.write(text, size, "utf8");
  if (key !== undefined) mask(bytes, size, bytes.length, key, 0);
  return bytes;
}

/** Makes a close frame; without a code its payload is empty (RFC 6455 §5.5.1). */
export function closeFrame(code: number | undefined, reason: string, role: Role): Buffer {
  if (code === undefined) return frame(Opcode.close, Buffer.alloc(0), role);
  const payload = Buffer.allocUnsafe(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2, "utf8");
  return frame(Opcode.close, payload, role);
}

/** Keys are cut from a block, since asking the system for four octets costs as much as for many. */
const keys = Buffer.alloc(8 * 1024);
let keysUsed = keys.length;

/** A masking key that nobody can predict, new for each frame (RFC 6455 §5.3). */
export function newMaskingKey(): number {
  if (keysUsed === keys.length) {
    randomFillSync(keys);
    keysUsed = 0;
  }
  const key = keys.readInt32LE(keysUsed);
  // A key that was used is forgotten, so that a later look at memory does not unmask old frames.
  keys.writeInt32LE(0, keysUsed);
  keysUsed += 4;
  return key;
}
