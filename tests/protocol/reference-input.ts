import fc from "fast-check";
import type { Role } from "../../src/protocol/opcode.ts";
import { close, fragments, octets, type PeerFrame, ping, pong } from "./protocol-octets.ts";

/** What comes over the wire, in which chunks, to whom. */
export interface Input {
  readonly role: Role;
  readonly chunks: readonly Buffer[];
  readonly maxMessageSize: number;
}

const anyOctets = (maxLength: number) => fc.uint8Array({ maxLength });
const anyText = fc.string({ unit: "binary", maxLength: 20 }).map((string) => Buffer.from(string));
const almostText = fc.tuple(anyText, fc.nat(), fc.nat(255)).map(([text, at, octet]) => {
  if (text.length > 0) text[at % text.length] = octet;
  return text;
});
const someLengths = fc.constantFrom(0, 1, 124, 125, 126, 127, 128, 200, 255, 256, 257, 400);
const longText = fc
  .tuple(someLengths, anyText)
  .map(([length, text]) => Buffer.concat([Buffer.alloc(length, "x"), text]));

const closeCodes = fc.oneof(
  fc.constantFrom(undefined, 999, 1000, 1003, 1004, 1005, 1006, 1007, 1014, 1015, 2999, 3000, 5000),
  fc.nat(65535),
);
const pingOrPong = fc
  .tuple(fc.constantFrom(ping, pong), anyOctets(125))
  .map(([make, payload]) => make(payload));
const closing = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(closeCodes, fc.oneof(anyText, almostText))
      .map(([code, reason]) => close(code, reason)),
  },
  { weight: 1, arbitrary: anyOctets(1).map((payload): PeerFrame => ({ opcode: 8, payload })) },
);

/** A message in some frames, with control frames in between. */
const message = fc
  .record({
    opcode: fc.constantFrom(1, 2),
    payload: fc.oneof(
      { weight: 6, arbitrary: anyText },
      { weight: 2, arbitrary: longText },
      { weight: 1, arbitrary: almostText },
    ),
    cuts: fc.array(fc.nat(500), { maxLength: 5 }),
    between: fc.array(fc.option(pingOrPong, { freq: 2 }), { minLength: 6, maxLength: 6 }),
  })
  .map(({ opcode, payload, cuts, between }) => {
    const parts = cutAt(payload, cuts);
    return fragments(opcode, ...parts).flatMap((frame, i) => [frame, between[i] ?? []].flat());
  });

/** What can be wrong with one frame. */
const fault: fc.Arbitrary<Partial<PeerFrame>> = fc.oneof(
  fc.record({ opcode: fc.nat(15) }),
  fc.record({ rsv: fc.integer({ min: 1, max: 7 }) }),
  fc.record({ fin: fc.boolean() }),
  fc.record({ masked: fc.boolean() }),
  fc.record({ lengthBits: fc.constantFrom(16 as const, 64 as const) }),
  fc.record({ length: fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 64n - 1n)) }),
  fc.record({ payload: fc.oneof(almostText, anyOctets(300)) }),
);

/** Frames of which most are right, since the first fault is the last thing that is read. */
const conversation = fc
  .record({
    begins: fc.array(
      fc.oneof(
        message,
        pingOrPong.map((frame) => [frame]),
      ),
      { maxLength: 6 },
    ),
    ends: fc.option(closing),
    faults: fc.array(fc.tuple(fc.nat(), fault), { maxLength: 2 }),
  })
  .map(({ begins, ends, faults }) => {
    const frames = [...begins.flat(), ...(ends === null ? [] : [ends]), ...(begins[0] ?? [])];
    for (const [at, wrong] of faults) {
      const i = at % Math.max(1, frames.length);
      frames.splice(i, 1, { opcode: 2, ...frames[i], ...wrong });
    }
    return frames;
  });

/** A conversation with at most a few faults, in chunks of any size. */
export const input: fc.Arbitrary<Input> = fc
  .record({
    role: fc.constantFrom<Role>("server", "client"),
    frames: conversation,
    noise: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 1 }),
    cuts: fc.array(fc.nat(1500), { maxLength: 12 }),
    maxMessageSize: fc.oneof(fc.constant(2 ** 20), fc.nat(60)),
  })
  .map(({ role, frames, noise, cuts, maxMessageSize }) => {
    const wire = octets(role, ...frames);
    for (const [at, octet] of noise) if (wire.length > 0) wire[at % wire.length] = octet;
    return { role, chunks: cutAt(wire, cuts), maxMessageSize };
  });

/** Octets without any sense. */
export const rubbish: fc.Arbitrary<Input> = fc.record({
  role: fc.constantFrom<Role>("server", "client"),
  chunks: fc.array(
    anyOctets(20).map((chunk) => Buffer.from(chunk)),
    { maxLength: 5 },
  ),
  maxMessageSize: fc.nat(30),
});

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const inside = cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b);
  return [...inside, bytes.length].map((end, i) => bytes.subarray(inside[i - 1] ?? 0, end));
}
