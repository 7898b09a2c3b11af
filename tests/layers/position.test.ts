import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatPosition, maxPositionLength, parsePosition } from "../../src/layers/position.ts";

describe("a position", () => {
  test("is one string, and comes back from it as it was", () => {
    const epochs = fc.stringMatching(/^[\w.-]{1,100}$/);
    const offsets = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(epochs, offsets, (epoch, offset) => {
        expect(parsePosition(formatPosition(epoch, offset))).toEqual({ epoch, offset });
      }),
    );
  });

  test("needs no escaping in a URL", () => {
    const position = formatPosition("aZ0_-.9", 17);
    expect(encodeURIComponent(position)).toBe(position);
    expect(new URLSearchParams({ since: position }).toString()).toBe(`since=${position}`);
  });

  test("has one text only: what means the same in another way is none", () => {
    for (const text of [
      "a.01",
      "a.00",
      "a.1.0e1",
      "a.+1",
      "a.-1",
      "a. 1",
      "a.1 ",
      "a.1\n",
      "a.1_0",
    ]) {
      expect(parsePosition(text), text).toBeUndefined();
    }
    expect(parsePosition("a.1.5")).toEqual({ epoch: "a.1", offset: 5 });
  });

  test("without an epoch is none", () => {
    for (const text of ["", ".", ".1", "1", "~1"]) expect(parsePosition(text)).toBeUndefined();
  });

  test("that no number can count is none", () => {
    expect(parsePosition(`a.${Number.MAX_SAFE_INTEGER}`)?.offset).toBe(Number.MAX_SAFE_INTEGER);
    for (const offset of ["9007199254740992", "9999999999999999", "1".repeat(17), "1e3", "NaN"]) {
      expect(parsePosition(`a.${offset}`), offset).toBeUndefined();
    }
  });

  test("that is too long is none, and costs nothing to refuse", () => {
    expect(parsePosition(`${"a".repeat(maxPositionLength - 2)}.1`)).toBeDefined();
    expect(parsePosition(`${"a".repeat(maxPositionLength - 1)}.1`)).toBeUndefined();
    expect(parsePosition("a".repeat(10_000_000))).toBeUndefined();
  });

  test("may be asked of anything", () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 1 }), (value) => {
        const position = parsePosition(value);
        if (position !== undefined)
          expect(formatPosition(position.epoch, position.offset)).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const position = parsePosition(text);
        if (position !== undefined)
          expect(formatPosition(position.epoch, position.offset)).toBe(text);
      }),
    );
  }, 20_000);
});
