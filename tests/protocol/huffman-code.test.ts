import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HuffmanCode } from "../../src/protocol/huffman-code.ts";

function codeFor(frequencies: readonly number[], maxBits: number): HuffmanCode {
  const code = new HuffmanCode(frequencies.length, maxBits);
  code.frequencies.set(frequencies);
  code.survey();
  code.build();
  return code;
}

const space = (code: HuffmanCode) =>
  [...code.lengths].reduce((sum, length) => sum + (length > 0 ? 2 ** -length : 0), 0);

describe("a Huffman code (RFC 1951 §3.2.2)", () => {
  it("is complete, within its limit, and no code begins with another one", () => {
    const frequency = fc.oneof(fc.constant(0), fc.constant(1), fc.nat(30), fc.nat(30_000));
    const frequencies = fc.array(frequency, { minLength: 2, maxLength: 120 });
    fc.assert(
      fc.property(frequencies, fc.constantFrom(7, 9, 15), (list, maxBits) => {
        const code = codeFor(list, maxBits);
        expect(space(code)).toBe(1);
        const codes: string[] = [];
        for (const [symbol, length] of code.lengths.entries()) {
          expect(length).toBeLessThanOrEqual(maxBits);
          if (list[symbol]! > 0) expect(length).toBeGreaterThan(0);
          if (length === 0) continue;
          const bits = code.codes[symbol]!.toString(2).padStart(length, "0");
          expect(bits).toHaveLength(length);
          codes.push(Array.from(bits).reverse().join(""));
        }
        codes.sort();
        for (let at = 1; at < codes.length; at++) {
          expect(codes[at]!.startsWith(codes[at - 1]!)).toBe(false);
        }
      }),
    );
  });

  it("gives shorter codes to what is more frequent", () => {
    expect([...codeFor([8, 1, 4, 1, 2, 0], 15).lengths]).toEqual([1, 4, 2, 4, 3, 0]);
    expect(codeFor([8, 1, 4, 1, 2, 0], 15).codes.slice(0, 5)).toEqual(
      Uint16Array.of(0b0, 0b0111, 0b01, 0b1111, 0b011),
    );
  });

  it("is cut where it would be too long", () => {
    expect([...codeFor([1, 1, 2, 4, 8], 3).lengths]).toEqual([3, 3, 3, 3, 1]);
    expect([...codeFor([1, 1, 1, 1, 1, 9], 3).lengths].sort()).toEqual([2, 2, 3, 3, 3, 3]);
  });

  it("has two symbols at least: some decoders demand it", () => {
    expect([...codeFor([0, 0, 0], 15).lengths]).toEqual([1, 1, 0]);
    expect([...codeFor([5, 0, 0], 15).lengths]).toEqual([1, 1, 0]);
    expect([...codeFor([0, 0, 5], 15).lengths]).toEqual([1, 0, 1]);
  });
});
