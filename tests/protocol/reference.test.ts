import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAll } from "../../fuzz/reference-parser.ts";
import { FrameReader } from "../../src/protocol/frame-reader.ts";
import { Calls, heardIn, oneByOne, type TimedCall } from "./protocol-calls.ts";
import { type Input, input, rubbish } from "./reference-input.ts";

/*
 * The engine against a specification of it. A failure names its seed, and
 * `SEED=… npx vitest run tests/protocol/reference` runs the same inputs again.
 */
const seed = process.env["SEED"];
const runs = { numRuns: 5000, ...(seed === undefined ? {} : { seed: Number(seed) }) };

type Reading = (input: Input) => TimedCall[];

const engine: Reading = ({ role, chunks, maxMessageSize }) =>
  heardIn(role, chunks, { maxMessageSize });

/** The reference's calls, each in the very chunk that makes it certain. */
const reference: Reading = ({ role, chunks, maxMessageSize }) => {
  const chunkOf = chunks.flatMap((chunk, i) => Array.from(chunk, () => i));
  const calls = readAll(Buffer.concat(chunks), role, maxMessageSize);
  return calls.map(({ at, call }) => ({ at: chunkOf[at]!, call }));
};

/** The same calls, in the same chunks; and at the same octets when each comes alone. */
function expectAgreement(reading: Reading, input: Input): void {
  const single = { ...input, chunks: oneByOne(Buffer.concat(input.chunks)) };
  expect(reading(input)).toEqual(reference(input));
  expect(reading(single)).toEqual(reference(single));
}

describe("whatever a peer sends (RFC 6455 §5 to §8)", () => {
  it("leads to the calls of the reference, each at the octet that makes it certain", () => {
    fc.assert(
      fc.property(input, (each) => expectAgreement(engine, each)),
      runs,
    );
  }, 60_000);

  it("leads to the calls of the reference even if it makes no sense", () => {
    fc.assert(
      fc.property(rubbish, (each) => expectAgreement(engine, each)),
      runs,
    );
  }, 60_000);
});

describe("what is sent here", () => {
  it("leads to every call and to every failure, often", () => {
    const counts: Record<string, number> = {};
    for (const each of fc.sample(input, runs)) {
      for (const { call } of reference(each)) {
        const kind = call.startsWith("fail") ? call : call.slice(0, call.indexOf(" "));
        counts[kind] = (counts[kind] ?? 0) + 1;
      }
    }
    expect(Object.keys(counts).sort()).toEqual([
      "bytes",
      "close",
      "fail 1002 ERR_CLOSE_FRAME",
      "fail 1002 ERR_FRAME_CONTINUATION",
      "fail 1002 ERR_FRAME_CONTROL",
      "fail 1002 ERR_FRAME_LENGTH",
      "fail 1002 ERR_FRAME_MASK",
      "fail 1002 ERR_FRAME_OPCODE",
      "fail 1002 ERR_FRAME_RSV",
      "fail 1007 ERR_TEXT_UTF8",
      "fail 1009 ERR_MESSAGE_TOO_BIG",
      "ping",
      "pong",
      "text",
    ]);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(10);
  });
});

describe("the comparison with the reference", () => {
  it.each<[mistake: string, Reading]>([
    [
      "takes messages of one byte too many",
      (each) => engine({ ...each, maxMessageSize: each.maxMessageSize + 1 }),
    ],
    [
      "overlooks the reserved bits of the first frame",
      (each) => {
        const [first = 0, ...others] = Buffer.concat(each.chunks);
        const wire = Buffer.of(first & 0x8f, ...others);
        let start = 0;
        return engine({
          ...each,
          chunks: each.chunks.map(({ length }) => wire.subarray(start, (start += length))),
        });
      },
    ],
    [
      "forgets pings in the middle of a message",
      ({ role, chunks, maxMessageSize }) => {
        const sink = new Calls();
        const reader = new FrameReader({ role, sink, maxMessageSize });
        sink.onPing = (payload) => reader.partial || Calls.prototype.onPing.call(sink, payload);
        return chunks.flatMap((chunk, at) => {
          reader.receive(Buffer.from(chunk));
          return sink.lines.splice(0).map((call) => ({ at, call }));
        });
      },
    ],
    [
      "takes a close frame without a code for 1000",
      (each) =>
        engine(each).map(({ at, call }) => ({
          at,
          call: call.replace("close 1005", "close 1000"),
        })),
    ],
    [
      "sees octets that are not UTF-8 when the next chunk comes",
      (each) =>
        engine(each).map(({ at, call }) => ({ at: call.includes("UTF8") ? at + 1 : at, call })),
    ],
  ])("notices an engine that %s", (_, mistaken) => {
    const agreement = fc.property(input, (each) => expectAgreement(mistaken, each));
    expect(fc.check(agreement, { ...runs, endOnFailure: true }).failed).toBe(true);
  });
});
