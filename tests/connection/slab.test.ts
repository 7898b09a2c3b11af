import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Slab, type SlabOwner } from "../../src/connection/slab.ts";
import { type Frame, FrameReader } from "../../compliance/frame.ts";

const kibi = 1024;

describe("frames in the slab (RFC 6455 §5.2)", () => {
  const lengths = fc.oneof(fc.nat(300), fc.constantFrom(124, 125, 126, 127), fc.nat(5_000));
  const texts = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 300 }),
    fc.tuple(fc.constantFrom("a", "é", "€", "😀"), lengths).map(([unit, n]) => unit.repeat(n)),
  );

  it.each(["server", "client"] as const)("hold the text that a %s sends", (role) => {
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 20 }), (sent) => {
        const slab = new Slab();
        const owner = new Owner(role === "client");
        const taken = sent.filter((text) => slab.text(owner, text, role));
        slab.flush();
        expect(owner.frames().map(({ payload }) => payload.toString("utf8"))).toEqual(taken);
        for (const text of sent) if (text.length < 5_000) expect(taken).toContain(text);
      }),
    );
  });

  it.each(["server", "client"] as const)("hold the bytes that a %s sends", (role) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 20 }), (sent) => {
        const slab = new Slab();
        const owner = new Owner(role === "client");
        for (const bytes of sent) expect(slab.binary(owner, bytes, role)).toBe(true);
        slab.flush();
        expect(owner.frames().map(({ payload }) => [...payload])).toEqual(
          sent.map((bytes) => [...bytes]),
        );
      }),
    );
  });

  it("are replaced where a text has half of a surrogate pair, as UTF-8 asks for", () => {
    const slab = new Slab();
    const owner = new Owner();
    slab.text(owner, "\ud800", "server");
    slab.flush();
    expect(owner.frames()[0]!.payload.toString("utf8")).toBe("\ufffd");
  });

  it("are taken as they are when they were made elsewhere", () => {
    const slab = new Slab();
    const owner = new Owner();
    slab.text(owner, "one", "server");
    slab.frames(owner, Buffer.from("8103747766", "hex"));
    slab.flush();
    expect(owner.written).toEqual(["81036f6e658103747766"]);
  });
});

describe("a message that may take more than 64 KiB", () => {
  it("is left to others, and what waits stays", () => {
    const slab = new Slab();
    const owner = new Owner();
    slab.text(owner, "one", "server");
    expect(slab.text(owner, "x".repeat(64 * kibi), "server")).toBe(false);
    expect(slab.binary(owner, Buffer.alloc(64 * kibi), "server")).toBe(false);
    expect(slab.frames(owner, Buffer.alloc(64 * kibi + 1))).toBe(false);
    expect(slab.owner).toBe(owner);
    expect(owner.written).toEqual([]);
    expect(slab.size).toBe(5);
  });

  it("does not make anybody the owner", () => {
    const slab = new Slab();
    slab.binary(new Owner(), Buffer.alloc(64 * kibi), "server");
    expect(slab.owner).toBeUndefined();
  });
});

describe("what is collected in the slab", () => {
  it("leaves in one write", () => {
    const slab = new Slab();
    const owner = new Owner();
    for (let i = 0; i < 16; i++) slab.text(owner, `message ${i}`, "server");
    expect(owner.written).toEqual([]);
    slab.flush();
    expect(owner.written).toHaveLength(1);
    expect(owner.frames()).toHaveLength(16);
    expect(slab.owner).toBeUndefined();
    expect(slab.size).toBe(0);
  });

  it("leaves before it exceeds 64 KiB", () => {
    const slab = new Slab();
    const owner = new Owner();
    for (let i = 0; i < 100; i++) slab.binary(owner, Buffer.alloc(10 * kibi, i), "server");
    slab.flush();
    expect(owner.frames().map(({ payload }) => payload[0])).toEqual([...Array(100).keys()]);
    for (const bytes of owner.writes) expect(bytes.length).toBeLessThanOrEqual(64 * kibi);
    expect(owner.writes.length).toBeLessThan(20);
  });

  it("leaves before somebody else's message comes in", () => {
    const slab = new Slab();
    const [one, two] = [new Owner(), new Owner()];
    slab.text(one, "one", "server");
    slab.text(two, "two", "server");
    expect(one.frames().map(({ payload }) => payload.toString())).toEqual(["one"]);
    expect(slab.owner).toBe(two);
    slab.flush();
    expect(two.frames().map(({ payload }) => payload.toString())).toEqual(["two"]);
  });

  it("is written only once", () => {
    const slab = new Slab();
    const owner = new Owner();
    slab.text(owner, "one", "server");
    slab.flush();
    slab.flush();
    expect(owner.written).toHaveLength(1);
  });
});

describe("the slab's memory", () => {
  it("is used again as soon as the transport has taken it", () => {
    const slab = new Slab();
    const owner = new Owner();
    for (let i = 0; i < 1_000; i++) {
      slab.binary(owner, Buffer.alloc(kibi), "server");
      slab.flush();
    }
    expect(new Set(owner.chunks.map(({ buffer }) => buffer)).size).toBe(1);
    expect(new Set(owner.chunks.map(({ byteOffset }) => byteOffset)).size).toBe(1);
  });

  it("is left alone while a transport keeps it", () => {
    const slab = new Slab();
    const owner = new Owner();
    owner.takes = false;
    for (let i = 0; i < 1_000; i++) {
      slab.binary(owner, Buffer.alloc(i % (12 * kibi), i), "server");
      if (i % 7 === 0) slab.flush();
    }
    slab.flush();
    expect(owner.chunks.every((chunk, i) => owner.writes[i]!.equals(chunk))).toBe(true);
  });

  it("is left alone while one transport of many keeps it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ takes: fc.boolean(), size: fc.nat(16_000) }), { maxLength: 100 }),
        (messages) => {
          const slab = new Slab();
          const owners = messages.map(({ takes, size }, i) => {
            const owner = new Owner();
            owner.takes = takes;
            slab.binary(owner, Buffer.alloc(size, i), "server");
            return owner;
          });
          slab.flush();
          for (const owner of owners.filter(({ takes }) => !takes)) {
            expect(owner.chunks[0]!.equals(owner.writes[0]!)).toBe(true);
          }
        },
      ),
    );
  });
});

/** Somebody who writes: with the chunks as they came, and with what they held then. */
class Owner implements SlabOwner {
  takes = true;
  readonly chunks: Buffer[] = [];
  readonly writes: Buffer[] = [];
  readonly #masked: boolean;

  constructor(masked = false) {
    this.#masked = masked;
  }

  write(bytes: Buffer): boolean {
    this.chunks.push(bytes);
    this.writes.push(Buffer.from(bytes));
    return this.takes;
  }

  get written(): string[] {
    return this.writes.map((bytes) => bytes.toString("hex"));
  }

  frames(): Frame[] {
    return [...new FrameReader(this.#masked).read(Buffer.concat(this.writes))];
  }
}
