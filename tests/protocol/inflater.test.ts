import { constants } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../src/errors.ts";
import { Inflater } from "../../src/protocol/inflater.ts";
import { SlidingWindow } from "../../src/protocol/sliding-window.ts";
import { Bits, inflated, messages, tail, zlibDeflated } from "./deflate-octets.ts";

const hello = Buffer.from("Hello");
const octets = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

/** Fixed codes (RFC 1951 §3.2.6). */
const fixed = () => new Bits().number(0, 1).number(1, 2);
const literal = (character: string) =>
  (0x30 + character.charCodeAt(0)).toString(2).padStart(8, "0");
const endOfBlock = "0000000";

/** The header of a dynamic block: how many codes, and the lengths of the code length code in order. */
function dynamic(symbols: number, distances: number, lengths: readonly number[]): Bits {
  const bits = new Bits().number(0, 1).number(2, 2);
  bits
    .number(symbols - 257, 5)
    .number(distances - 1, 5)
    .number(lengths.length - 4, 4);
  for (const length of lengths) bits.number(length, 3);
  return bits;
}

/** A code length code in which 0 is "0", 1 is "10" and 18 is "11". */
const zeroOneMany = [0, 0, 2, 1, ...Array(13).fill(0), 2];

/** Lengths for a dynamic block with {@link zeroOneMany}: `[symbol, …]` have one bit each, out of `total`. */
function oneBit(bits: Bits, total: number, ...symbols: number[]): Bits {
  let at = 0;
  for (const symbol of [...symbols, total]) {
    while (symbol - at >= 11) {
      const times = Math.min(symbol - at, 138);
      bits.code("11").number(times - 11, 7);
      at += times;
    }
    while (at < symbol) {
      bits.code("0");
      at++;
    }
    if (symbol < total) bits.code("10");
    at++;
  }
  return bits;
}

function expectCorrupt(payload: Buffer, reach?: number): void {
  for (const budget of [1, 7, 2 ** 30]) {
    const outcome = inflated(payload, { budget, ...(reach === undefined ? {} : { reach }) });
    expect(outcome).toBeInstanceOf(ProtocolError);
    expect(outcome).toMatchObject({ code: "ERR_FRAME_EXTENSION", closeCode: 1007 });
  }
}

describe("the examples of RFC 7692 §7.2.3", () => {
  it.each([
    ["one block", "f2 48 cd c9 c9 07 00"],
    ["a block with no compression", "00 05 00 fa ff 48 65 6c 6c 6f 00"],
    ["a block with BFINAL set", "f3 48 cd c9 c9 07 00 00"],
    ["two blocks", "f2 48 05 00 00 00 ff ff ca c9 c9 07 00"],
  ])("are read: %s", (_, hex) => {
    expect(inflated(octets(hex))).toEqual(hello);
  });

  it("share a window: the second Hello is shorter", () => {
    const window = new SlidingWindow(32_768);
    expect(inflated(octets("f2 48 cd c9 c9 07 00"), { window })).toEqual(hello);
    expect(inflated(octets("f2 00 11 00 00"), { window })).toEqual(hello);
    expectCorrupt(octets("f2 00 11 00 00"));
  });

  it("have an empty message", () => {
    expect(inflated(octets("00"))).toEqual(Buffer.alloc(0));
  });
});

describe("what zlib made", () => {
  const levels = Array.from({ length: 10 }, (_, level) => level);
  const strategies = [
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FILTERED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FIXED,
  ];

  it("is read, at all levels, with all strategies and windows, in steps of any size", () => {
    const inflater = new Inflater();
    fc.assert(
      fc.property(
        messages,
        fc.constantFrom(...levels),
        fc.constantFrom(...strategies),
        fc.integer({ min: 9, max: 15 }),
        fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constant(2 ** 30)),
        (message, level, strategy, windowBits, budget) => {
          const payload = zlibDeflated(message, {
            level,
            strategy,
            windowBits,
            memLevel: 1 + (level % 9),
          });
          const reach = 2 ** windowBits;
          const outcome = inflated(payload, { budget, reach, inflater });
          expect(Buffer.compare(outcome as Buffer, message)).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is read with the window that messages share", () => {
    fc.assert(
      fc.property(
        fc.array(messages, { minLength: 2, maxLength: 12 }),
        fc.integer({ min: 9, max: 15 }),
        fc.oneof(fc.integer({ min: 1, max: 999 }), fc.constant(2 ** 30)),
        (list, windowBits, budget) => {
          const reach = 2 ** windowBits;
          const window = new SlidingWindow(reach);
          let before = Buffer.alloc(0);
          for (const message of list) {
            const dictionary = before.subarray(-reach);
            const payload = zlibDeflated(message, {
              windowBits,
              ...(dictionary.length > 0 ? { dictionary } : {}),
            });
            const outcome = inflated(payload, { window, reach, budget });
            expect(Buffer.compare(outcome as Buffer, message)).toBe(0);
            before = Buffer.concat([before, message]);
          }
          expect(window.length).toBe(Math.min(before.length, reach));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is read when it is larger than everything that was there for it", () => {
    const words = Array.from({ length: 100_000 }, (_, at) => `${at % 977} ${at % 131}`).join(",");
    const message = Buffer.from(words);
    for (const level of [0, 1, 9]) {
      for (const budget of [999, 2 ** 30]) {
        const outcome = inflated(zlibDeflated(message, { level }), { budget });
        expect(Buffer.compare(outcome as Buffer, message)).toBe(0);
      }
    }
  });

  it("fails when it is cut off or changed, or is read as something else, but never throws", () => {
    const inflater = new Inflater();
    fc.assert(
      fc.property(messages, fc.nat(), fc.integer({ min: 1, max: 255 }), (message, at, flip) => {
        const payload = Buffer.from(zlibDeflated(message));
        const cut = payload.subarray(0, at % payload.length);
        const first = inflated(cut, { inflater });
        if (!(first instanceof ProtocolError))
          expect(first.length).toBeLessThanOrEqual(message.length);
        payload[at % payload.length]! ^= flip;
        inflated(payload, { inflater, maxSize: 100_000 });
      }),
      { numRuns: 500 },
    );
  });

  it("may be any octets: they are judged in bounded time, one way whatever the steps", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 1, max: 40 }),
        (bytes, budget) => {
          const payload = Buffer.from(bytes);
          const at = inflated(payload, { maxSize: 5000 });
          const slowly = inflated(payload, { maxSize: 5000, budget });
          if (at instanceof ProtocolError) expect(slowly).toBeInstanceOf(ProtocolError);
          else expect(slowly).toEqual(at);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("blocks (RFC 1951 §3.2)", () => {
  it("may be empty, and many", () => {
    const empty = Buffer.concat([Buffer.of(0), tail]);
    expect(inflated(Buffer.concat([...Array(50).fill(empty), Buffer.of(0)]))).toEqual(
      Buffer.alloc(0),
    );
    expect(inflated(fixed().code(endOfBlock).message())).toEqual(Buffer.alloc(0));
  });

  it("may be missing: an empty payload is an empty message", () => {
    expect(inflated(Buffer.alloc(0))).toEqual(Buffer.alloc(0));
  });

  it("of type 3 do not exist", () => {
    expectCorrupt(new Bits().number(0, 1).number(3, 2).message());
  });

  it("go on after a final one, at the next octet (RFC 7692 §7.2.1)", () => {
    const final = () => new Bits().number(1, 1).number(1, 2).code(literal("a")).code(endOfBlock);
    expect(inflated(final().align().message())).toEqual(Buffer.from("a"));
    const again = final().align().number(1, 1).number(1, 2).code(literal("b")).code(endOfBlock);
    expect(inflated(again.align().message())).toEqual(Buffer.from("ab"));
    // A match may look back over it: a sender that does not simply sends none.
    const back = final().align().number(0, 1).number(1, 2).code("0000001").code("00000");
    expect(inflated(back.code(endOfBlock).message())).toEqual(Buffer.from("aaaa"));
  });

  it("need zeros between a final one and the next octet (RFC 7692 §7.2.1)", () => {
    const final = new Bits().number(1, 1).number(1, 2).code(literal("a")).code(endOfBlock);
    expectCorrupt(final.code("1").align().message());
  });

  it("must end with what the sender took off: the final block alone is not enough", () => {
    expectCorrupt(octets("f3 48 cd c9 c9 07 00"));
    expectCorrupt(octets("f3 48 cd c9 c9 07"));
  });

  it("may end with a final one that is empty and stored", () => {
    const bits = fixed().code(literal("a")).code(endOfBlock).number(1, 1).number(0, 2);
    expect(inflated(bits.octets())).toEqual(Buffer.from("a"));
  });

  it("must not take what the sender took off for their data", () => {
    const size = 104;
    const head = new Bits()
      .number(0, 3)
      .align()
      .number(size, 16)
      .number(size ^ 0xffff, 16);
    expectCorrupt(Buffer.concat([head.octets(), Buffer.alloc(100)]));
    const less = new Bits()
      .number(0, 3)
      .align()
      .number(102, 16)
      .number(102 ^ 0xffff, 16);
    expectCorrupt(Buffer.concat([less.octets(), Buffer.alloc(100)]));
  });

  it("must end where the message ends", () => {
    expectCorrupt(Buffer.concat([octets("f2 48 cd c9 c9 07 00"), tail]));
    expectCorrupt(octets("f2 48 cd c9 c9 07 00 00"));
    expectCorrupt(octets("f2 48 cd c9 c9"));
  });
});

describe("stored blocks (RFC 1951 §3.2.4)", () => {
  const stored = (size: number, complement: number, data: string) =>
    new Bits()
      .number(0, 3)
      .align()
      .number(size, 16)
      .number(complement, 16)
      .octets()
      .toString("hex") + Buffer.from(data).toString("hex");

  it("hold up to 65 535 bytes", () => {
    const data = Buffer.alloc(65_535, "ab");
    const head = new Bits().number(0, 3).align().number(65_535, 16).number(0, 16).octets();
    for (const budget of [1000, 2 ** 30]) {
      const outcome = inflated(Buffer.concat([head, data, Buffer.of(0)]), { budget });
      expect(Buffer.compare(outcome as Buffer, data)).toBe(0);
    }
  });

  it("may come after other blocks, in the middle of an octet and after octets that were read ahead", () => {
    const bits = fixed().code(literal("a")).code(endOfBlock).number(0, 3).align();
    bits.number(3, 16).number(3 ^ 0xffff, 16);
    for (const character of "bcd") bits.number(character.charCodeAt(0), 8);
    const rest = fixed().code(literal("e")).code(endOfBlock).message();
    const payload = Buffer.concat([bits.octets(), rest]);
    for (const budget of [1, 2, 2 ** 30]) {
      expect(inflated(payload, { budget })).toEqual(Buffer.from("abcde"));
    }
  });

  it("have a length and its complement", () => {
    expectCorrupt(octets(`${stored(2, 0xfffc, "ab")}00`));
    expectCorrupt(octets(`${stored(2, 2, "ab")}00`));
  });

  it("are corrupt when they are cut off", () => {
    expectCorrupt(octets(stored(100, 100 ^ 0xffff, "ab")));
    expectCorrupt(octets(stored(7, 7 ^ 0xffff, "ab")));
    expectCorrupt(octets("00 05"));
    expectCorrupt(octets("00 05 00 fa"));
  });
});

describe("matches (RFC 1951 §3.2.5)", () => {
  const abc = () => fixed().code(literal("a")).code(literal("b")).code(literal("c"));
  /** Length 3 and a distance code of five bits. */
  const match = (distance: string) => abc().code("0000001").code(distance);

  it("repeat what was sent, also what they are writing", () => {
    expect(inflated(match("00010").code(endOfBlock).message())).toEqual(Buffer.from("abcabc"));
    expect(inflated(match("00001").code(endOfBlock).message())).toEqual(Buffer.from("abcbcb"));
    expect(inflated(match("00000").code(endOfBlock).message())).toEqual(Buffer.from("abcccc"));
  });

  it("reach back no farther than what was sent", () => {
    expectCorrupt(match("00011").code(endOfBlock).message());
    const window = new SlidingWindow(256);
    window.append(Buffer.from("z"));
    expect(inflated(match("00011").code(endOfBlock).message(), { window })).toEqual(
      Buffer.from("abczab"),
    );
    const farther = match("00100").code("0").code(endOfBlock).message();
    expect(inflated(farther, { window: new SlidingWindow(256) })).toBeInstanceOf(ProtocolError);
  });

  it("reach back no farther than the window that was agreed on (RFC 7692 §7.1.2)", () => {
    // 600 bytes of noise, twice: the second time is a distance of 600.
    const noise = Buffer.from(
      Array.from({ length: 600 }, (_, at) => (at * at * 7 + (at >> 3)) & 255),
    );
    const payload = zlibDeflated(Buffer.concat([noise, noise]), { windowBits: 15 });
    expect(payload.length).toBeLessThan(700);
    expect(inflated(payload, { reach: 1024 })).toEqual(Buffer.concat([noise, noise]));
    expectCorrupt(payload, 512);
    const window = new SlidingWindow(512);
    window.append(noise);
    const again = zlibDeflated(noise, { dictionary: noise });
    expect(again.length).toBeLessThan(100);
    expect(inflated(again, { reach: 512, window })).toBeInstanceOf(ProtocolError);
  });

  it("have no length symbols 286 and 287, and no distance codes 30 and 31", () => {
    expectCorrupt(abc().code("11000110").code("00000").code(endOfBlock).message());
    expectCorrupt(abc().code("11000111").code("00000").code(endOfBlock).message());
    expectCorrupt(match("11110").code(endOfBlock).message());
    expectCorrupt(match("11111").code(endOfBlock).message());
  });

  it("may not be cut off", () => {
    expectCorrupt(abc().octets());
    expectCorrupt(abc().code("0000001").octets());
  });
});

describe("codes of a block's own (RFC 1951 §3.2.7)", () => {
  it("may have one distance of one bit, and an unused one", () => {
    // Symbols 256 and 257 have one bit each, distance 0 is "0"; "1" is no distance.
    const block = () => oneBit(dynamic(258, 1, zeroOneMany), 259, 256, 257, 258);
    const window = () => {
      const made = new SlidingWindow(256);
      made.append(Buffer.from("x"));
      return made;
    };
    const good = block().code("1").code("0").code("0").message();
    expect(inflated(good, { window: window() })).toEqual(Buffer.from("xxx"));
    const bad = block().code("1").code("1").code("0").message();
    expect(inflated(bad, { window: window() })).toBeInstanceOf(ProtocolError);
  });

  it("may have no distances at all, as long as none is used", () => {
    const block = () => oneBit(dynamic(258, 1, zeroOneMany), 259, 97, 256);
    expect(inflated(block().code("0").code("0").code("1").message())).toEqual(Buffer.from("aa"));
    const used = oneBit(dynamic(258, 1, zeroOneMany), 259, 256, 257);
    expectCorrupt(used.code("1").code("0").code("0").message());
  });

  it("may have nothing but an end, of one bit", () => {
    const block = () => oneBit(dynamic(257, 1, zeroOneMany), 258, 256);
    expect(inflated(block().code("0").message())).toEqual(Buffer.alloc(0));
    expectCorrupt(block().code("1").message());
  });

  it("must have an end", () => {
    expectCorrupt(
      oneBit(dynamic(257, 1, zeroOneMany), 258, 97, 98)
        .code("0")
        .message(),
    );
  });

  it("must not be oversubscribed", () => {
    expectCorrupt(
      oneBit(dynamic(257, 1, zeroOneMany), 258, 97, 98, 256)
        .code("0")
        .message(),
    );
    expectCorrupt(
      oneBit(dynamic(257, 3, zeroOneMany), 260, 97, 256, 257, 258, 259)
        .code("1")
        .message(),
    );
  });

  it("must not be incomplete", () => {
    // 0 is "0", 2 is "10", 18 is "11": two symbols of two bits.
    const zeroTwoMany = [0, 0, 2, 1, ...Array(11).fill(0), 2];
    expectCorrupt(
      oneBit(dynamic(257, 1, zeroTwoMany), 258, 97, 256)
        .code("01")
        .message(),
    );
    expectCorrupt(oneBit(dynamic(257, 2, zeroTwoMany), 259, 96, 97, 98, 256, 257).message());
  });

  it("must be written in a code of code lengths that is complete", () => {
    expectCorrupt(dynamic(257, 1, [0, 0, 0, 1]).message());
    expectCorrupt(dynamic(257, 1, [0, 0, 0, 0]).message());
    expectCorrupt(dynamic(257, 1, [1, 1, 1, 0]).message());
  });

  it("are 286 and 30 at most", () => {
    for (const [symbols, distances] of [
      [287, 1],
      [288, 1],
      [257, 31],
      [257, 32],
    ] as const) {
      expectCorrupt(
        oneBit(dynamic(symbols, distances, zeroOneMany), symbols + distances, 0, 256).message(),
      );
    }
  });

  it("cannot repeat a length before the first one", () => {
    // 0 is "0", 16 is "1".
    expectCorrupt(dynamic(257, 1, [1, 0, 0, 1]).code("1").number(0, 2).message());
  });

  it("cannot repeat lengths beyond the last one", () => {
    // 16 is "10", 18 is "11", 0 is "0".
    const lengths = [2, 0, 2, 1];
    const most = () => dynamic(257, 1, lengths).code("11").number(127, 7).code("11").number(107, 7);
    expectCorrupt(most().code("10").number(0, 2).message());
    expectCorrupt(
      dynamic(257, 1, lengths).code("11").number(127, 7).code("11").number(127, 7).message(),
    );
  });

  it("may not be cut off", () => {
    const whole = oneBit(dynamic(257, 1, zeroOneMany), 258, 97, 256).octets();
    for (let size = 1; size < whole.length; size++) expectCorrupt(whole.subarray(0, size));
    const long = dynamic(286, 30, Array(19).fill(0).fill(4, 3, 19));
    expectCorrupt(long.octets());
    // Code lengths of one bit go on to the last bit.
    expectCorrupt(dynamic(257, 1, [0, 0, 0, 1, ...Array(13).fill(0), 1]).octets());
  });

  it("may have codes of 15 bits, which no table holds at once", () => {
    // Frequencies like Fibonacci's numbers make the longest codes.
    const list: Buffer[] = [];
    for (let octet = 0, a = 1, b = 1; octet < 22; octet++, [a, b] = [b, a + b]) {
      list.push(Buffer.alloc(a, octet));
    }
    const message = Buffer.concat(list);
    const shuffled = Buffer.from(message.map((_, at) => message[(at * 7919) % message.length]!));
    const payload = zlibDeflated(shuffled, { strategy: constants.Z_HUFFMAN_ONLY, memLevel: 9 });
    expect(Buffer.compare(inflated(payload) as Buffer, shuffled)).toBe(0);
    expect(Buffer.compare(inflated(payload, { budget: 3 }) as Buffer, shuffled)).toBe(0);
  });
});

describe("how much a message may become", () => {
  const bomb = (size: number) => zlibDeflated(Buffer.alloc(size), { level: 9 });

  it("is the limit, inclusive", () => {
    for (const size of [0, 1, 77, 65_000, 131_000, 131_072, 200_000]) {
      for (const message of [
        Buffer.alloc(size),
        Buffer.from(Array.from({ length: size }, (_, at) => (at * at) >> 3)),
      ]) {
        const payload = zlibDeflated(message);
        for (const budget of [99, 2 ** 30]) {
          const whole = inflated(payload, { maxSize: size, budget });
          expect(Buffer.compare(whole as Buffer, message)).toBe(0);
          if (size === 0) continue;
          const outcome = inflated(payload, { maxSize: size - 1, budget });
          expect(outcome).toMatchObject({ code: "ERR_MESSAGE_TOO_BIG", closeCode: 1009 });
          expect((outcome as ProtocolError).message).toContain(String(size - 1));
        }
      }
    }
  });

  it("is looked at while it is inflated: a bomb holds no more memory than the limit", () => {
    const payload = bomb(100 * 1024 * 1024);
    expect(payload.length * 900).toBeLessThan(100 * 1024 * 1024);
    const inflater = new Inflater();
    const before = process.memoryUsage().arrayBuffers;
    inflater.begin(payload, 1024 * 1024, 32_768);
    let most = 0;
    while (inflater.outcome === undefined) {
      inflater.step(64 * 1024);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(inflater.outcome).toMatchObject({ code: "ERR_MESSAGE_TOO_BIG" });
    // What it grew out of counts as well until it is collected: half, a quarter, and so on.
    expect(most).toBeLessThan(2 * 1024 * 1024 + 4096);
  });

  it("is what a step does, and a match more", () => {
    const inflater = new Inflater();
    inflater.begin(bomb(1024 * 1024), 2 ** 24, 32_768);
    let steps = 0;
    while (inflater.outcome === undefined) {
      // A code of the block's own counts like 2048 bytes.
      expect(inflater.step(10_000)).toBeLessThan(10_000 + 2048 + 258);
      steps++;
    }
    expect(steps).toBeGreaterThan(95);
  });

  it("counts blocks as work that stand for nothing", () => {
    const empty = Buffer.concat([Buffer.of(0), tail]);
    const inflater = new Inflater();
    inflater.begin(Buffer.concat([...Array(10_000).fill(empty), Buffer.of(0)]), 10, 32_768);
    let steps = 0;
    for (; inflater.outcome === undefined; steps++) inflater.step(1000);
    expect(steps).toBeGreaterThan(100);
  });
});

describe("an inflater", () => {
  it("is as good as new after a message that failed or was abandoned", () => {
    const inflater = new Inflater();
    expect(inflated(octets("f2 00 11 00 00"), { inflater })).toBeInstanceOf(ProtocolError);
    expect(inflated(octets("f2 48 cd c9 c9 07 00"), { inflater })).toEqual(hello);
    inflater.begin(zlibDeflated(Buffer.alloc(10_000)), 10_000, 32_768);
    inflater.step(10);
    expect(inflater.outcome).toBeUndefined();
    inflater.abandon();
    expect(inflater.step(10)).toBe(0);
    expect(inflated(octets("f2 48 cd c9 c9 07 00"), { inflater })).toEqual(hello);
  });

  it("gives bytes that are the caller's to keep", () => {
    const inflater = new Inflater();
    const first = inflated(zlibDeflated(Buffer.from("first")), { inflater });
    inflated(zlibDeflated(Buffer.from("other")), { inflater });
    expect(first).toEqual(Buffer.from("first"));
  });
});
