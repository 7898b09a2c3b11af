import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeflateContext } from "../../src/protocol/deflate-context.ts";
import { DeflateShare } from "../../src/protocol/deflate-share.ts";
import { Deflater } from "../../src/protocol/deflater.ts";
import { SlidingWindow } from "../../src/protocol/sliding-window.ts";
import { inflated, messages, zlibDeflated, zlibInflated } from "./deflate-octets.ts";

const windowBits = fc.integer({ min: 8, max: 15 });
const same = (bytes: Uint8Array | Error, message: Uint8Array) =>
  expect(bytes instanceof Error ? bytes : Buffer.compare(bytes, message)).toBe(0);

/** JSON that differs from message to message, about `size` bytes of it. */
function json(seed: number, size: number): Buffer {
  let text = "[";
  for (let at = seed; text.length < size; at++) {
    const id = (at * 7919) % 104_729;
    const item = { id, type: "chat.message", user: `user-${id % 97}`, text: `${id * 31} of ${at}` };
    text += `${JSON.stringify(item)},`;
  }
  return Buffer.from(text.slice(0, size));
}

/** Bytes that nothing can be saved on. */
function noise(size: number): Buffer {
  let state = 1;
  return Buffer.from(
    Array.from({ length: size }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
      return state >>> 24;
    }),
  );
}

describe("a message compressed without context (RFC 7692 §7.2.1)", () => {
  const deflater = new Deflater();

  it("is what zlib and we read, with any window", () => {
    fc.assert(
      fc.property(messages, windowBits, (message, bits) => {
        const payload = deflater.compress(message, bits);
        same(zlibInflated(payload), message);
        same(inflated(payload, { reach: 2 ** bits }), message);
      }),
      { numRuns: 400 },
    );
  });

  it("is one octet if it is empty (§7.2.3.6)", () => {
    expect(deflater.compress(Buffer.alloc(0), 15)).toEqual(Buffer.of(0));
  });

  it.each([1000, 40_000, 100_000, 300_000])("may have many blocks: %i bytes", (size) => {
    for (const message of [
      json(1, size),
      noise(size),
      Buffer.alloc(size, "ab"),
      Buffer.concat([noise(size), json(2, size)]),
    ]) {
      for (const bits of [8, 12, 15]) {
        const payload = deflater.compress(message, bits);
        same(zlibInflated(payload), message);
        same(inflated(payload, { reach: 2 ** bits }), message);
      }
    }
  });

  it("may have codes as long as they can be", () => {
    const list: Buffer[] = [];
    for (let octet = 0, a = 1, b = 1; octet < 20; octet++, [a, b] = [b, a + b])
      list.push(Buffer.alloc(a, octet));
    const sorted = Buffer.concat(list);
    const message = Buffer.from(sorted.map((_, at) => sorted[(at * 7919) % sorted.length]!));
    same(zlibInflated(deflater.compress(message, 15)), message);
  });

  it("may hold every octet and every length and distance", () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    const random = noise(32_768);
    const parts: Uint8Array[] = [all];
    for (let length = 4; length < 300; length++)
      parts.push(all.subarray(0, length), random.subarray(length * 40, length * 41));
    for (let distance = 1; distance < 32_768; distance = Math.ceil(distance * 1.3)) {
      parts.push(random.subarray(0, distance), random.subarray(0, 20));
    }
    const message = Buffer.concat(parts);
    for (const bits of [8, 15]) {
      const payload = deflater.compress(message, bits);
      same(zlibInflated(payload), message);
      same(inflated(payload, { reach: 2 ** bits }), message);
    }
  });

  it("is hardly larger than the message, whatever it holds", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        expect(deflater.compress(bytes, 15).length).toBeLessThanOrEqual(bytes.length + 6);
      }),
    );
    for (const size of [1, 32_768, 32_769, 500_000]) {
      const blocks = Math.ceil(size / 32_768);
      expect(deflater.compress(noise(size), 15).length).toBeLessThanOrEqual(size + 1 + 5 * blocks);
    }
  });

  it("is not much larger than what zlib makes of it at level 1", () => {
    for (const size of [512, 1024, 4096, 65_536]) {
      let ours = 0;
      let zlibs = 0;
      for (let seed = 0; seed < 20; seed++) {
        const message = json(seed * 1000, size);
        ours += deflater.compress(message, 15).length;
        zlibs += zlibDeflated(message, { level: 1 }).length;
      }
      expect(ours).toBeLessThan(zlibs * 1.08);
    }
  });

  it("is the same each time, whatever was compressed in between", () => {
    const message = json(5, 2000);
    const first = deflater.compress(message, 15);
    deflater.compress(json(6, 9000), 15);
    deflater.compress(json(7, 2000), 15);
    expect(deflater.compress(message, 15)).toEqual(first);
  });

  it("may be compressed part by part, and each part ends at an octet", () => {
    fc.assert(
      fc.property(fc.array(messages, { minLength: 1, maxLength: 5 }), windowBits, (parts, bits) => {
        const fragments = parts.map((part, at) =>
          deflater.compress(part, bits, at === parts.length - 1),
        );
        const payload = Buffer.concat(fragments);
        same(zlibInflated(payload), Buffer.concat(parts));
        same(inflated(payload, { reach: 2 ** bits }), Buffer.concat(parts));
      }),
      { numRuns: 100 },
    );
  });

  it("may be a view of other memory", () => {
    const message = json(9, 3000);
    const memory = new Uint8Array(5000);
    memory.set(message, 777);
    same(zlibInflated(deflater.compress(memory.subarray(777, 3777), 15)), message);
  });
});

describe("messages compressed with context (RFC 7692 §7.1.1)", () => {
  /** A peer that reads them, by zlib and by us. */
  class Peer {
    readonly #reach: number;
    readonly #window: SlidingWindow;
    #before = Buffer.alloc(0);

    constructor(bits: number) {
      this.#reach = 2 ** bits;
      this.#window = new SlidingWindow(this.#reach);
    }

    reads(payload: Buffer, message: Buffer): void {
      same(zlibInflated(payload, this.#before.subarray(-this.#reach)), message);
      same(inflated(payload, { reach: this.#reach, window: this.#window }), message);
      this.#before = Buffer.concat([this.#before, message]).subarray(-32_768);
    }
  }

  it("are what zlib and we read, with any window and any budget", () => {
    fc.assert(
      fc.property(
        fc.array(messages, { maxLength: 20 }),
        windowBits,
        fc.oneof(fc.constant(2 ** 20), fc.nat(60_000)),
        (list, bits, memory) => {
          const share = new DeflateShare({ memory });
          const context = new DeflateContext(share, bits);
          const peer = new Peer(bits);
          for (const message of list) {
            peer.reads(context.compress(message, true), message);
            expect(share.reserved).toBeLessThanOrEqual(memory);
          }
          context.release();
          expect(share.reserved).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("are what the peer reads when messages come in between that it was sent without", () => {
    const step = fc.record({
      what: fc.constantFrom("send", "parts", "take back", "forget", "release"),
      message: messages,
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), windowBits, (steps, bits) => {
        const share = new DeflateShare();
        const context = new DeflateContext(share, bits);
        const peer = new Peer(bits);
        for (const { what, message } of steps) {
          if (what === "send") {
            peer.reads(context.compress(message, true), message);
          } else if (what === "parts") {
            const half = message.length >> 1;
            const first = context.compress(message.subarray(0, half), false);
            const second = context.compress(message.subarray(half), true);
            peer.reads(Buffer.concat([first, second]), message);
          } else if (what === "take back") {
            context.compress(message, true);
            context.takeBack();
          } else if (what === "forget") {
            peer.reads(share.compress(message, bits) as Buffer, message);
            context.forget();
          } else {
            context.release();
            expect(share.reserved).toBe(0);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([9, 12, 15])("goes on for ever: many messages, a window of %i bits", (bits) => {
    const context = new DeflateContext(new DeflateShare(), bits);
    const peer = new Peer(bits);
    let bytes = 0;
    for (let seed = 0; bytes < 6 * 2 ** bits + 20_000; seed++) {
      const message = json(seed * 10, 100 + ((seed * 977) % 3000));
      peer.reads(context.compress(message, true), message);
      bytes += message.length;
    }
  });

  it("are smaller than without", () => {
    const share = new DeflateShare();
    const context = new DeflateContext(share, 15);
    let without = 0;
    let within = 0;
    for (let seed = 0; seed < 100; seed++) {
      const message = json(seed * 10, 400);
      without += share.compress(message, 15).length;
      within += context.compress(message, true).length;
    }
    expect(within).toBeLessThan(without * 0.75);
  });

  it("begin afresh once the history was forgotten", () => {
    const message = json(3, 1000);
    const context = new DeflateContext(new DeflateShare(), 15);
    const first = context.compress(message, true);
    expect(context.compress(message, true).length).toBeLessThan(30);
    context.forget();
    expect(context.compress(message, true).length).toBe(first.length);
  });

  it("look back at a long message, too", () => {
    const context = new DeflateContext(new DeflateShare(), 12);
    const peer = new Peer(12);
    const short = json(0, 1000);
    const long = Buffer.concat([json(1, 9000), short]);
    peer.reads(context.compress(short, true), short);
    peer.reads(context.compress(long, true), long);
    const again = context.compress(short, true);
    peer.reads(again, short);
    expect(again.length).toBeLessThan(60);
  });

  it("hold no more memory than was sent, and than the window asks for", () => {
    const share = new DeflateShare();
    const context = new DeflateContext(share, 15);
    expect(share.reserved).toBe(0);
    context.compress(Buffer.from("a short message"), true);
    expect(share.reserved).toBeLessThanOrEqual(6 * 1024);
    for (let seed = 0; seed < 200; seed++) context.compress(json(seed, 1000), true);
    expect(share.reserved).toBeLessThanOrEqual(24 * 1024);
    const small = new DeflateShare();
    const narrow = new DeflateContext(small, 10);
    for (let seed = 0; seed < 200; seed++) narrow.compress(json(seed, 1000), true);
    expect(small.reserved).toBeLessThanOrEqual(3 * 1024);
  });
});
