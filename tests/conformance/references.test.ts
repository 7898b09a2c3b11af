import { constants, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Material, excerpt } from "../../compliance/payload.ts";
import { farthestReference } from "../../compliance/references.ts";

const flush = constants.Z_SYNC_FLUSH;

describe("the farthest reference of a DEFLATE stream (RFC 1951)", () => {
  it.each([1, 2, 5, 64, 250, 1000, 4097, 32_000])("is found %i octets back", (distance) => {
    // Noise refers to nothing, until its beginning comes again.
    const once = excerpt("noise", 0, Math.max(distance, 1));
    const again = Buffer.concat([once, Buffer.alloc(200, once).subarray(0, 200)]);
    expect(farthestReference(deflateRawSync(again))).toBe(distance);
  });

  it("is no reference at all in what is stored, or coded without references", () => {
    const text = excerpt("records", 0, 10_000);
    expect(farthestReference(deflateRawSync(text, { level: 0 }))).toBe(0);
    expect(farthestReference(deflateRawSync(text, { strategy: constants.Z_HUFFMAN_ONLY }))).toBe(0);
    expect(farthestReference(deflateRawSync(Buffer.alloc(0)))).toBe(0);
  });

  it.each(["records", "markup", "prose", "picture"] as const)(
    "keeps to the window in %s, in blocks of every kind",
    (material: Material) => {
      const text = excerpt(material, 0, 60_000);
      for (const windowBits of [9, 10, 11, 12, 13, 14, 15]) {
        for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED]) {
          const stream = deflateRawSync(text, { windowBits, strategy, finishFlush: flush });
          const farthest = farthestReference(stream);
          expect(farthest).toBeGreaterThan(2 ** (windowBits - 2));
          expect(farthest).toBeLessThanOrEqual(2 ** windowBits);
        }
      }
    },
  );

  it("reaches back behind the beginning", () => {
    const dictionary = excerpt("noise", 0, 1000);
    const stream = deflateRawSync(dictionary.subarray(0, 100), { dictionary });
    expect(farthestReference(stream)).toBe(1000);
  });

  it.each([
    ["a block of type 3", "07"],
    ["a stored block whose lengths differ", "0001000000"],
    ["a block that ends too early", "4a"],
    ["a code without words", "0500000000000000"],
  ])("is not looked for in %s", (_what, hex) => {
    expect(() => farthestReference(Buffer.from(hex, "hex"))).toThrow();
  });
});
