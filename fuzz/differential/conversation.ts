import { constants, deflateRawSync } from "node:zlib";
import type { Role } from "sluice/protocol";
import { Random } from "../random.ts";

/** What one end of a connection gets to read, after the handshake. */
export interface Conversation {
  readonly seed: number;
  /** The end that reads. */
  readonly role: Role;
  /** Whether permessage-deflate was agreed on, without context takeover. */
  readonly compressed: boolean;
  readonly chunks: readonly Buffer[];
}

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly fin: boolean;
  readonly rsv: number;
  /** Says otherwise than the role does. */
  readonly masked?: boolean;
  /** Says otherwise than the payload does. */
  readonly length?: bigint;
  /** A longer form than the length needs. */
  readonly lengthBits?: 16 | 64;
}

/** The same seed is the same conversation. About a third of them are without fault. */
export function conversation(seed: number, roles: readonly Role[]): Conversation {
  const random = new Random(seed);
  const role = random.pick(roles);
  const compressed = random.below(4) === 0;
  const frames = Array.from({ length: 1 + random.below(5) }, () => unit(random, compressed)).flat();
  if (random.below(2) === 0) frames.push(closing(random), ...unit(random, compressed));
  for (let faults = random.below(3); faults > 0; faults--) {
    const at = random.below(frames.length);
    frames[at] = spoiled(random, frames[at]!);
  }
  const wire = Buffer.concat(frames.map((frame) => octets(frame, role, random)));
  if (random.below(12) === 0) wire[random.below(wire.length)] = random.below(256);
  const end = random.below(12) === 0 ? random.below(wire.length) : wire.length;
  return { seed, role, compressed, chunks: chopped(random, wire.subarray(0, end)) };
}

const pieces = ["Hello", "", "é", "€", "😀", "a".repeat(120), "x", "\u0000", "\uffff", "日本語"];

function text(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.below(4) }, () => random.pick(pieces)).join(""));
}

function bytes(random: Random, size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, () => random.below(256)));
}

/** A message in some frames with control frames in between, or a control frame. */
function unit(random: Random, compressed: boolean): Frame[] {
  if (random.below(4) === 0) return [control(random)];
  const opcode = 1 + random.below(2);
  const plain =
    opcode === 1 ? text(random) : bytes(random, random.pick([0, 1, 125, 126, 127, 300, 500]));
  const encoded = compressed && random.below(2) === 0;
  const payload = encoded ? deflated(plain) : plain;
  const cuts = Array.from({ length: random.below(3) }, () => random.below(payload.length + 1));
  const ends = [...cuts.sort((a, b) => a - b), payload.length];
  return ends.flatMap((end, i) => {
    const part: Frame = {
      opcode: i === 0 ? opcode : 0,
      payload: payload.subarray(ends[i - 1] ?? 0, end),
      fin: i === ends.length - 1,
      rsv: encoded && i === 0 ? 4 : 0,
    };
    return random.below(4) === 0 ? [part, control(random)] : [part];
  });
}

/** A message as RFC 7692 §7.2.1 sends it. */
function deflated(payload: Buffer): Buffer {
  return deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

function control(random: Random): Frame {
  const payload = bytes(random, random.pick([0, 1, 5, 125]));
  return { opcode: random.pick([9, 10]), payload, fin: true, rsv: 0 };
}

function closing(random: Random): Frame {
  const code = random.pick([
    ...[999, 1000, 1001, 1003, 1004, 1005, 1006, 1007, 1011, 1014, 1015, 1016],
    ...[2999, 3000, 3999, 4000, 4999, 5000],
  ]);
  const whole = Buffer.concat([Buffer.of(code >> 8, code & 0xff), text(random).subarray(0, 123)]);
  const payload = whole.subarray(0, random.pick([0, 1, 2, whole.length, whole.length]));
  return { opcode: 8, payload, fin: true, rsv: 0 };
}

/** A frame with something wrong about it. */
function spoiled(random: Random, frame: Frame): Frame {
  switch (random.below(9)) {
    case 0:
      return { ...frame, opcode: random.below(16) };
    case 1:
      return { ...frame, rsv: 1 + random.below(7) };
    case 2:
      return { ...frame, fin: !frame.fin };
    case 3:
      return { ...frame, masked: random.below(2) === 0 };
    case 4:
      return { ...frame, lengthBits: random.pick([16, 64]) };
    case 5:
      return { ...frame, length: BigInt(frame.payload.length + random.below(7) - 3) };
    case 6:
      return {
        ...frame,
        length: random.pick([2n ** 63n, 2n ** 53n, 2n ** 32n, 2n ** 64n - 1n, 1000n]),
      };
    case 7:
      return { ...frame, payload: bytes(random, random.pick([1, 4, 126])) };
    default: {
      const payload = Buffer.from(frame.payload);
      if (payload.length > 0)
        payload[random.below(payload.length)] = random.pick([0x80, 0xc3, 0xff]);
      return { ...frame, payload };
    }
  }
}

/** A frame on the wire, on its way to `role` (RFC 6455 §5.2). */
function octets(frame: Frame, role: Role, random: Random): Buffer {
  const { opcode, fin, rsv, payload, masked = role === "server" } = frame;
  const length =
    frame.length === undefined || frame.length < 0n ? BigInt(payload.length) : frame.length;
  const bits = frame.lengthBits ?? (length < 126n ? 7 : length < 65536n ? 16 : 64);
  const mark = bits === 7 ? Number(length) : bits === 16 ? 126 : 127;
  const extended = Buffer.alloc(bits >> 3);
  if (bits === 16) extended.writeUInt16BE(Number(length & 0xffffn));
  if (bits === 64) extended.writeBigUInt64BE(length);
  const start = Buffer.of((fin ? 0x80 : 0) | (rsv << 4) | opcode, (masked ? 0x80 : 0) | mark);
  if (!masked) return Buffer.concat([start, extended, payload]);
  const key = bytes(random, 4);
  return Buffer.concat([start, extended, key, payload.map((octet, i) => octet ^ key[i % 4]!)]);
}

function chopped(random: Random, wire: Buffer): Buffer[] {
  const most = random.pick([1, 7, 100, 100_000]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < wire.length; ) {
    const size = 1 + random.below(most);
    chunks.push(wire.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
