import assert from "node:assert/strict";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import type { ProtocolError } from "sluice";
import { type DeflateDirection, DeflateShare, PermessageDeflate } from "sluice/protocol";
import { decodeInTurns } from "../decode-in-turns.ts";
import { InputReader } from "../input-reader.ts";
import { hex, latin1, toHex } from "../octets.ts";
import type { Target } from "../target.ts";

/** Makes the extension that is tested. */
type MakeExtension = (
  share: DeflateShare,
  sending: DeflateDirection,
  receiving: DeflateDirection,
) => PermessageDeflate;

const make: MakeExtension = (...given) => new PermessageDeflate(...given);

/**
 * Compressed messages of a peer, one after the other, against zlib: the same bytes, or refused by
 * both, however little may be inflated in one turn.
 */
export function inflate(makeExtension: MakeExtension = make): Target {
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
  if (contextTakeover) assert(share.reserve(2 ** windowBits));
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
  try {
    return inflateRawSync(Buffer.concat([message, hex("0000ffff")]), {
      windowBits: Math.max(windowBits, 8),
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: maxSize + 1,
      ...(past.length > 0 && { dictionary: past }),
    });
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

function checkDecoded(
  decoded: Uint8Array | ProtocolError,
  expected: Uint8Array | NodeJS.ErrnoException,
  { windowBits, maxSize }: { windowBits: number; maxSize: number },
): string {
  const tooBig =
    expected instanceof Uint8Array
      ? expected.length > maxSize
      : expected.code === "ERR_BUFFER_TOO_LARGE";
  if (decoded instanceof Uint8Array) {
    assert(decoded.length <= maxSize, `${decoded.length} bytes exceed the limit`);
    assert(expected instanceof Uint8Array, `zlib refuses it: ${expected}`);
    assert.equal(toHex(decoded), toHex(expected), "zlib makes something else of it");
    return "decoded";
  }
  if (decoded.code === "ERR_MESSAGE_TOO_BIG") {
    // zlib may find a fault behind the limit, where we did not look.
    assert(tooBig || !(expected instanceof Uint8Array), "it is not too big");
  } else {
    assert.equal(decoded.code, "ERR_FRAME_EXTENSION");
    // zlib does not notice a look too far back while what it looks at is still in its output.
    assert(
      !(expected instanceof Uint8Array) || windowBits < 15,
      `zlib takes it: ${decoded.message}`,
    );
  }
  assert([1007, 1009].includes(decoded.closeCode));
  return decoded.code;
}

const text = latin1(
  "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness",
);

/** A message as RFC 7692 §7.2.1 sends it. */
function compress(bytes: string | Uint8Array, options = {}): Uint8Array {
  return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, ...options }).subarray(0, -4);
}
