import assert from "node:assert/strict";
import { constants, inflateRawSync } from "node:zlib";
import { DeflateShare, type PermessageDeflate } from "sluice/protocol";
import { agreedExtension, type MakeExtension } from "../agreed-extension.ts";
import { decodedInTurns } from "../decode-in-turns.ts";
import { InputReader } from "../input-reader.ts";
import { hex, latin1, toHex } from "../octets.ts";
import type { Target } from "../target.ts";

/**
 * Messages of ours, compressed in all ways that there are, by turns: zlib and our own other end make
 * the same bytes of them, and need no larger window than was agreed on.
 */
export function deflate(makeExtension: MakeExtension = agreedExtension): Target {
  return {
    name: "deflate",
    seeds: [
      hex("00 01 00 00 05 48656c6c6f 00 05 48656c6c6f"),
      Buffer.concat([hex("00 01 00 01 20"), latin1("Hello, Hello, Hello, Hello again!")]),
      Buffer.concat([hex("03 01 00 02 20"), latin1("in parts, in parts, in parts, and so on")]),
      hex("07 00 01 83 10 00"),
    ],
    dictionary: [
      ...["00", "01", "02", "03", "04", "84", "05", "80 ff", "0010", "ffff", "0000ffff"].map(hex),
      ...["Hello", "abcabcabcabc", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"].map(latin1),
    ],
    run: (input) => run(makeExtension, input),
  };
}

function run(makeExtension: MakeExtension, input: Uint8Array): string {
  const reader = new InputReader(input);
  const direction = { windowBits: 15 - (reader.octet() % 8), contextTakeover: reader.flag() };
  const options = {
    threshold: reader.pick([0, 0, 20]),
    memory: reader.pick([2 ** 26, 2 ** 18, 0]),
  };
  const share = new DeflateShare(options);
  const none = { windowBits: 15, contextTakeover: false };
  const extension = makeExtension(share, direction, none);
  const history = new History(direction.windowBits);
  const other = new DeflateShare();
  const peer = agreedExtension(other, none, direction);
  let ways = 0;

  while (reader.hasMore) {
    const way = reader.octet() % 6;
    const message = readMessage(reader);
    const encoded = encode(extension, share, way, message);
    if (encoded === undefined) continue;
    ways |= 1 << way;
    if (!direction.contextTakeover) history.forget();
    assert.equal(
      toHex(history.inflate(encoded)),
      toHex(message),
      "zlib makes something else of it",
    );
    assert.equal(
      toHex(decodedInTurns(peer, other, encoded, 2 ** 20)),
      toHex(message),
      "we make something else of it",
    );
  }
  extension.dispose();
  peer.dispose();
  assert.equal(share.reserved, 0, "memory was not given back");
  return `${direction.contextTakeover} ${ways}`;
}

/** A few octets as they are, or, with the highest bit of their number set, the same many times. */
function readMessage(reader: InputReader): Buffer {
  const size = reader.octet();
  if (size < 0x80) return reader.take(size);
  const piece = reader.take(size & 0x0f);
  return Buffer.concat(new Array<Buffer>(reader.octet() * 8).fill(piece));
}

/** Compresses in one of six ways; undefined if nothing is sent compressed. */
function encode(
  extension: PermessageDeflate,
  share: DeflateShare,
  way: number,
  message: Buffer,
): Uint8Array | undefined {
  switch (way) {
    case 1: {
      // To many at once.
      const encoded = share.compress(message, extension.windowBits);
      extension.forget();
      return encoded;
    }
    case 2:
    case 3: {
      const size = way === 2 ? 10 : 1000;
      const parts: Uint8Array[] = [];
      for (let at = 0; at === 0 || at < message.length; at += size) {
        const last = at + size >= message.length;
        // What is given is ours to keep, so nothing is copied here.
        parts.push(extension.encodePart(message.subarray(at, at + size), last));
      }
      return Buffer.concat(parts);
    }
    case 4:
      extension.release();
      return extension.encode(message);
    case 5:
      extension.forget();
      return extension.encode(message);
    default:
      return extension.encode(message);
  }
}

/** A peer with zlib, whose window is as large as was agreed on. */
class History {
  readonly #windowBits: number;
  #past: Uint8Array = new Uint8Array();

  constructor(windowBits: number) {
    this.#windowBits = windowBits;
  }

  forget(): void {
    this.#past = new Uint8Array();
  }

  inflate(encoded: Uint8Array): Buffer {
    const message = inflateRawSync(Buffer.concat([encoded, hex("0000ffff")]), {
      windowBits: this.#windowBits,
      finishFlush: constants.Z_SYNC_FLUSH,
      // zlib looks back into what it gives out in one piece, too: small pieces leave it the window.
      chunkSize: 64,
      ...(this.#past.length > 0 && { dictionary: this.#past }),
    });
    this.#past = Buffer.concat([this.#past, message]).subarray(-(2 ** this.#windowBits));
    return message;
  }
}
