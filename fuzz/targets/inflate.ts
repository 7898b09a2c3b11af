import assert from "node:assert/strict";
import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from "node:zlib";
import type { ProtocolError } from "sluice";
import { DeflateShare } from "sluice/protocol";
import { agreedExtension, type MakeExtension } from "../agreed-extension.ts";
import { decodeInTurns } from "../decode-in-turns.ts";
import { InputReader } from "../input-reader.ts";
import { hex, latin1, toHex } from "../octets.ts";
import type { Target } from "../target.ts";

/**
 * Compressed messages of a peer, one after the other, against zlib: the same bytes, or refused by
 * both, however little may be inflated in one turn.
 */
export function inflate(makeExtension: MakeExtension = agreedExtension): Target {
  return {
    name: "inflate",
    seeds: [
      // Window, takeover, limit, work, then messages with their lengths.
      hex("00 01 00 00 07 f248cdc9c90700 05 f2001100 00"),
      Buffer.concat([hex("00 01 00 03 40"), compress("x".repeat(5000))]),
      Buffer.concat([hex("00 01 00 01 80"), compress(text, { level: 9 })]),
      Buffer.concat([
        hex("00 00 01 02 ff"),
        compress(text, { strategy: constants.Z_HUFFMAN_ONLY }),
      ]),
      Buffer.concat([hex("03 01 00 00 ff"), compress(text, { level: 0 })]),
      Buffer.concat([hex("07 01 00 00 ff"), compress(text, { strategy: constants.Z_FIXED })]),
      // RFC 7692 §7.2.3.4 and §7.2.3.5: a block with BFINAL, and two blocks.
      hex("00 01 00 00 08 f348cdc9c9070000 0d f2480500 0000ffff cac9c90700"),
    ],
    dictionary: [
      hex("00000000ffff").subarray(1),
      hex("00 0000 ffff"),
      hex("01 0000 ffff"),
      hex("00 0100 feff 61"),
      hex("00 0500 faff 48656c6c6f"),
      ...["0300", "0200", "04", "05", "ed", "f2", "f3", "4b0400", "4a04a207"].map(hex),
      hex("edc08100000000"),
      compress("abcabcabcabc"),
      compress(text),
    ],
    run: (input) => run(makeExtension, input),
  };
}

function run(makeExtension: MakeExtension, input: Uint8Array): string {
  const reader = new InputReader(input);
  const windowBits = 15 - (reader.octet() % 8);
  const contextTakeover = reader.flag();
  const maxSize = reader.pick([2 ** 16, 2 ** 20, 1000, 1, 0]);
  const workPerTurn = reader.pick([2 ** 20, 1, 7, 100, 4096]);
  const share = new DeflateShare({ workPerTurn });
  const sending = { windowBits: 15, contextTakeover: false };
  const extension = makeExtension(share, sending, { windowBits, contextTakeover });
  const kept: { readonly bytes: Uint8Array; readonly copy: Buffer }[] = [];
  let past: Uint8Array = new Uint8Array();
  let said = "nothing";

  while (reader.hasMore) {
    const message = reader.take(reader.octet() * 4 + (reader.octet() % 4));
    const decoded = decodeInTurns(extension, share, message, maxSize);
    const expected = oracle(past, message, windowBits, maxSize);
    said = checkDecoded(decoded, expected, { windowBits, maxSize });
    if (!(decoded instanceof Uint8Array)) break;
    kept.push({ bytes: decoded, copy: Buffer.from(decoded) });
    if (contextTakeover) past = Buffer.concat([past, decoded]).subarray(-(2 ** windowBits));
  }
  extension.dispose();
  assert.equal(share.reserved, 0, "memory was not given back");
  for (const { bytes, copy } of kept) assert(copy.equals(bytes), "what was given has changed");
  return `${contextTakeover} ${said}`;
}

/** What zlib makes of a message: bytes, or an error with a code. */
function oracle(
  past: Uint8Array,
  message: Uint8Array,
  windowBits: number,
  maxSize: number,
): Uint8Array | NodeJS.ErrnoException {
  // Some senders mean an empty message by it.
  if (message.length === 0) return message;
  let rest = Buffer.concat([message, hex("0000ffff")]);
  let output: Uint8Array = new Uint8Array();
  try {
    // RFC 7692 §7.2.3.4: after a final block there may be others, where zlib ends.
    while (rest.length > 0 && output.length <= maxSize) {
      const dictionary = Buffer.concat([past, output]).subarray(-(2 ** windowBits));
      const options = { windowBits, maxOutputLength: maxSize + 1, dictionary };
      const [part, consumed] = inflatePart(rest, hex("0300"), options);
      const [other] = inflatePart(rest, hex("010000ffff"), options);
      // zlib does not mind where a message is cut off. If it is in a block, the end decides.
      if (!part.equals(other)) return new Error("cut off");
      output = Buffer.concat([output, part]);
      rest = rest.subarray(consumed);
    }
    return output;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

/** Inflates up to a final block, at the latest that in `end`; gives how many octets that took, too. */
function inflatePart(
  octets: Buffer,
  end: Buffer,
  { dictionary, ...options }: ZlibOptions & { dictionary: Buffer },
): [part: Buffer, consumed: number] {
  const { buffer, engine } = inflateRawSync(Buffer.concat([octets, end]), {
    ...options,
    ...(dictionary.length > 0 && { dictionary }),
    info: true,
  }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
  return [buffer, engine.bytesWritten];
}

function checkDecoded(
  decoded: Uint8Array | ProtocolError,
  expected: Uint8Array | NodeJS.ErrnoException,
  { windowBits, maxSize }: { windowBits: number; maxSize: number },
): string {
  if (decoded instanceof Uint8Array) {
    assert(decoded.length <= maxSize, `${decoded.length} bytes exceed the limit`);
    assert(expected instanceof Uint8Array, `zlib refuses it: ${String(expected)}`);
    assert.equal(toHex(decoded), toHex(expected), "zlib makes something else of it");
    return "decoded";
  }
  if (decoded.code === "ERR_MESSAGE_TOO_BIG") {
    assert.equal(decoded.closeCode, 1009);
    // zlib may find a fault behind the limit, where we did not look.
    const fits = expected instanceof Uint8Array && expected.length <= maxSize;
    assert(!fits, "it is not too big");
  } else {
    assert.equal(decoded.code, "ERR_FRAME_EXTENSION");
    assert.equal(decoded.closeCode, 1007);
    const refused = !(expected instanceof Uint8Array);
    assert(refused || isStricter(decoded, windowBits), `zlib takes it: ${decoded.message}`);
  }
  return decoded.code;
}

/** Where we refuse what zlib takes, and may. */
function isStricter({ message }: ProtocolError, windowBits: number): boolean {
  return (
    // zlib does not notice a look too far back while what it looks at is still in its output.
    (message.includes("distance of") && windowBits < 15) ||
    // RFC 7692 §7.2.1: a sender takes off the end of an empty stored block, and nothing else.
    message.includes("no empty stored block at its end") ||
    // RFC 7692 §7.2.1: and pads a final block with zeros, which zlib does not look at.
    message.includes("padding that is not zero")
  );
}

const text = latin1(
  "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness",
);

/** A message as RFC 7692 §7.2.1 sends it. */
function compress(bytes: string | Uint8Array, options = {}): Uint8Array {
  return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, ...options }).subarray(0, -4);
}
