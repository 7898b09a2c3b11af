import type { Role } from "../../src/protocol/opcode.ts";

/** A frame as some peer may send it, whether or not RFC 6455 allows it. */
export interface PeerFrame {
  readonly opcode: number;
  /** @defaultValue true */
  readonly fin?: boolean;
  /** RSV1 as 4. @defaultValue 0 */
  readonly rsv?: number;
  /** Text stands for its UTF-8. @defaultValue nothing */
  readonly payload?: Payload;
  /** @defaultValue as the receiver's role asks for (§5.1) */
  readonly masked?: boolean;
  /** The length that the header tells. @defaultValue the payload's */
  readonly length?: number | bigint;
  /** How many bits tell the length. @defaultValue the fewest that hold it (§5.2) */
  readonly lengthBits?: 7 | 16 | 64;
}

type Payload = string | Uint8Array;
type Rest = Omit<PeerFrame, "opcode" | "payload">;
type Maker = (payload?: Payload, rest?: Rest) => PeerFrame;

const maker =
  (opcode: number): Maker =>
  (payload = "", rest = {}) => ({ opcode, payload, ...rest });

export const continuation: Maker = maker(0);
export const text: Maker = maker(1);
export const binary: Maker = maker(2);
export const ping: Maker = maker(9);
export const pong: Maker = maker(10);

/** A close frame; without a code its payload is empty (§5.5.1). */
export function close(code?: number, reason: Payload = ""): PeerFrame {
  if (code === undefined) return { opcode: 8 };
  return { opcode: 8, payload: Buffer.concat([Buffer.of(code >> 8, code & 0xff), raw(reason)]) };
}

/** The frame without FIN: more of its message follows. */
export function unfinished(frame: PeerFrame): PeerFrame {
  return { ...frame, fin: false };
}

/** A message with one frame for each of its parts. */
export function fragments(opcode: number, ...parts: readonly Payload[]): PeerFrame[] {
  const last = parts.length - 1;
  return parts.map((payload, i) => ({ opcode: i === 0 ? opcode : 0, payload, fin: i === last }));
}

/** The key of the examples in §5.7. */
export const key: Buffer = Buffer.from("37fa213d", "hex");

/** The frames on the wire, on their way to `receiver`. */
export function octets(receiver: Role, ...frames: readonly PeerFrame[]): Buffer {
  return Buffer.concat(frames.flatMap((frame) => frameOctets(receiver, frame)));
}

function frameOctets(receiver: Role, frame: PeerFrame): Buffer[] {
  const { opcode, fin = true, rsv = 0, masked = receiver === "server" } = frame;
  const payload = raw(frame.payload ?? "");
  const length = BigInt(frame.length ?? payload.length);
  const bits = frame.lengthBits ?? (length < 126n ? 7 : length < 65536n ? 16 : 64);
  const mark = bits === 7 ? Number(length) : bits === 16 ? 126 : 127;
  const extended = Buffer.alloc(bits >> 3);
  if (bits === 16) extended.writeUInt16BE(Number(length & 0xffffn));
  if (bits === 64) extended.writeBigUInt64BE(length);
  const start = Buffer.of((fin ? 0x80 : 0) | (rsv << 4) | opcode, (masked ? 0x80 : 0) | mark);
  return masked ? [start, extended, key, xor(payload)] : [start, extended, payload];
}

/** §5.3, in its own words: octet i of the payload XOR octet i modulo 4 of the key. */
function xor(payload: Buffer): Buffer {
  return Buffer.from(payload.map((octet, i) => octet ^ key[i % 4]!));
}

function raw(payload: Payload): Buffer {
  return Buffer.from(payload);
}
