import { describe, expect, it } from "vitest";
import {
  type CompressionOptions,
  checkedCompression,
  completeCompression,
  defaultCompression,
} from "../../src/protocol/compression-options.ts";

describe("the options of compression", () => {
  it("have defaults", () => {
    expect(checkedCompression({})).toEqual(defaultCompression);
    const given = {
      threshold: 0,
      serverMaxWindowBits: 8,
      clientNoContextTakeover: true,
      memory: 0,
    };
    expect(checkedCompression(given)).toEqual({ ...defaultCompression, ...given });
    expect(checkedCompression({ memory: Infinity, threshold: Infinity }).memory).toBe(Infinity);
  });

  it("may be none at all, or all the defaults", () => {
    expect(completeCompression(false)).toBeUndefined();
    expect(completeCompression(true)).toBe(defaultCompression);
    expect(completeCompression({ threshold: 0 })).toEqual({ ...defaultCompression, threshold: 0 });
  });

  it.each([
    ["on", '"on"'],
    [9, "9"],
    [null, "null"],
  ])("are not %o", (given, shown) => {
    expect(() => completeCompression(given as unknown as CompressionOptions)).toThrow(
      expect.objectContaining({
        code: "ERR_INVALID_OPTION",
        message: `compression is ${shown}: it has to be true, false or an object of options`,
      }),
    );
  });

  it.each([
    [{ level: 6 }, /no option "level"; it has threshold/],
    [{ threshold: -1 }, /threshold of compression is -1; it must be a number of at least 0/],
    [{ threshold: Number.NaN }, /threshold/],
    [{ memory: "1 MB" }, /memory of compression is 1 MB/],
    [{ workPerTurn: 0 }, /at least 1/],
    [{ serverMaxWindowBits: 7 }, /serverMaxWindowBits of compression is 7; it must be 8 to 15/],
    [{ serverMaxWindowBits: 16 }, /8 to 15/],
    [{ clientMaxWindowBits: 9.5 }, /clientMaxWindowBits of compression is 9.5/],
    [{ clientMaxWindowBits: "9" }, /8 to 15/],
    [
      { serverNoContextTakeover: 1 },
      /serverNoContextTakeover of compression is 1; it must be true or false/,
    ],
  ])("refuse %o", (given, message) => {
    expect(() => checkedCompression(given as CompressionOptions)).toThrow(
      expect.objectContaining({
        code: "ERR_INVALID_OPTION",
        message: expect.stringMatching(message),
      }),
    );
  });
});
