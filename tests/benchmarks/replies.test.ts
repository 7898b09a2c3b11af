import { describe, expect, it } from "vitest";
import { serverFrame } from "../../benchmarks/generator/frame.ts";
import { Deflation, Inflation } from "../../benchmarks/generator/inflation.ts";
import { messages } from "../../benchmarks/generator/messages.ts";
import {
  CountedReplies,
  KnownReplies,
  knownRing,
  type ReplyReader,
  Witness,
} from "../../benchmarks/generator/replies.ts";

const plain = { text: true, compressed: false };
const texts = messages("text", 300, 5);
const frames = texts.map((message) => serverFrame(message, plain));
const stream = Buffer.concat([...frames, ...frames]);

/** Has a reader read in pieces of one size; returns how many messages it counted. */
function readInPieces(reader: ReplyReader, bytes: Buffer, size: number): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += size) {
    const piece = Buffer.concat([bytes.subarray(at, at + size), Buffer.alloc(9)]);
    count += reader.read(piece, Math.min(size, bytes.length - at));
  }
  return count;
}

function known(): KnownReplies {
  const round = frames.reduce((sum, { length }) => sum + length, 0);
  return new KnownReplies(knownRing(frames), round, frames[0]?.length ?? 0);
}

describe.each([
  ["known", known],
  ["counted", () => new CountedReplies({ compressed: false, size: 300 }, new Witness(texts))],
] as const)("replies that are %s", (_, make) => {
  it.each([1, 2, 3, 7, 304, 1_000, 5_000])("are counted in pieces of %d bytes", (size) => {
    expect(readInPieces(make(), stream, size)).toBe(10);
  });

  it.each([1, 5, 304, 700])("may have pings between them, in pieces of %d bytes", (size) => {
    const ping = Buffer.concat([Buffer.from([0x89, 4]), Buffer.from("here")]);
    const bytes = Buffer.concat([frames[0]!, ping, frames[1]!, frames[2]!, ping]);
    const reader = make();
    expect(readInPieces(reader, bytes, size)).toBe(3);
    expect(reader.ping?.toString()).toBe("here");
  });

  it("are refused when a byte is another one", () => {
    const wrong = Buffer.from(stream);
    wrong[700] = (wrong[700] as number) ^ 1;
    expect(() => readInPieces(make(), wrong, 304)).toThrow(/not (what|a message that) was sent/);
  });

  it("are refused when one is missing", () => {
    expect(() => readInPieces(make(), stream.subarray(304), 304)).toThrow(/was sent/);
  });
});

describe("replies that are counted", () => {
  it("may be fragmented", () => {
    const [text = Buffer.alloc(0)] = texts;
    const first = serverFrame(text.subarray(0, 100), plain);
    first[0] = 0x01;
    const last = serverFrame(text.subarray(100), plain);
    last[0] = 0x80;
    const reader = new CountedReplies({ compressed: false, size: 300 }, new Witness(texts));
    expect(readInPieces(reader, Buffer.concat([first, last]), 50)).toBe(1);
  });

  it("are refused when they are not compressed, and have to be", () => {
    const reader = new CountedReplies({ compressed: true, size: 300 });
    expect(() => reader.read(stream, stream.length)).toThrow("a reply is not compressed");
  });

  it("are refused when they are compressed, and nobody asked for that", () => {
    const reader = new CountedReplies({ compressed: false, size: 300 });
    const frame = serverFrame(Buffer.alloc(300), { text: true, compressed: true });
    expect(() => reader.read(frame, frame.length)).toThrow("a reply is compressed");
  });

  it("are refused when one is shorter than what was sent", () => {
    const reader = new CountedReplies({ compressed: false, size: 300 });
    const frame = serverFrame(Buffer.alloc(299), plain);
    expect(() => reader.read(frame, frame.length)).toThrow("299 bytes, not 300");
  });
});

describe("a witness", () => {
  it("takes messages of several senders in any order, but none more often than it was sent", () => {
    const witness = new Witness(texts, () => 22);
    const say = (index: number) => {
      const text = texts[index] as Buffer;
      witness.bytes(text, 0, text.length);
      witness.message();
    };
    // Four rounds of five and two more, of which one message is still on its way.
    for (const index of [3, 1, 4, 2, 2, 1, 1, 2, 1, 2, 1, 3, 4, 3, 4, 3, 4]) say(index);
    expect(() => say(2)).toThrow("more often than it was sent");
  });

  it("refuses a message before it was sent", () => {
    const witness = new Witness(texts, () => 2);
    const text = texts[2] as Buffer;
    witness.bytes(text, 0, text.length);
    expect(() => witness.message()).toThrow("more often than it was sent");
  });

  it.each([true, false])("inflates what was compressed, with a context kept: %s", (kept) => {
    const context = { kept, bits: 15 };
    const deflation = new Deflation(context);
    const payloads = [...texts, ...texts].map((text) => deflation.message(text));
    const again = payloads.at(-1)?.length ?? 0;
    // Only who remembers the same text makes next to nothing of it.
    expect(again < 40).toBe(kept);
    const witness = new Witness(texts, undefined, new Inflation(context));
    for (const payload of payloads) {
      witness.bytes(payload, 0, payload.length);
      witness.message();
    }
  });
});
