import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CloseCode,
  checkClose,
  cutReason,
  isCloseCode,
  maxReasonSize,
} from "../../src/protocol/close-code.ts";

const refusal = (code: string) => expect.objectContaining({ name: "UsageError", code });

/** The codes that the tables of §7.4.1 and of the registry (§11.7) let an endpoint write. */
const assigned = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];

describe("close codes (RFC 6455 §7.4)", () => {
  it("stand in a close frame if they are assigned or free for use", () => {
    for (let code = 0; code < 65536; code++) {
      const free = code >= 3000 && code <= 4999;
      if (isCloseCode(code) !== (free || assigned.includes(code))) expect(code).toBe("right");
    }
  });

  it("that have a name may be sent, all but the two that are only told", () => {
    const told: number[] = [CloseCode.noStatus, CloseCode.abnormal];
    for (const code of Object.values(CloseCode))
      expect(isCloseCode(code)).toBe(!told.includes(code));
    expect(told).toEqual([1005, 1006]);
  });
});

describe("what an application closes with (RFC 6455 §5.5.1)", () => {
  it("may be nothing, a code, or a code and a reason", () => {
    for (const [code, reason] of [
      [undefined, ""],
      [1000, ""],
      [4999, "x".repeat(123)],
      [3000, `${"€".repeat(41)}`],
    ] as const) {
      expect(() => checkClose(code, reason)).not.toThrow();
    }
  });

  it("is never a code that may not be written", () => {
    const wrong = [0, -1, 999, 1004, 1005, 1006, 1015, 2999, 5000, 66536, 1000.5, 3000.1];
    for (const code of [...wrong, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => checkClose(code, "")).toThrow(refusal("ERR_CLOSE_CODE"));
    }
    expect(() => checkClose("1000" as never, "")).toThrow(refusal("ERR_CLOSE_CODE"));
    expect(() => checkClose(1006, "")).toThrow(/1006 may not be sent: .*RFC 6455 §7\.4/);
  });

  it("is no reason without a code", () => {
    expect(() => checkClose(undefined, "why")).toThrow(refusal("ERR_CLOSE_CODE"));
  });

  it("has a reason of 123 bytes of UTF-8 at most", () => {
    expect(() => checkClose(1000, "x".repeat(124))).toThrow(
      "close reason of 124 bytes exceeds the limit of 123",
    );
    expect(() => checkClose(1000, "€".repeat(42))).toThrow(refusal("ERR_CLOSE_REASON"));
    expect(() => checkClose(1000, 5 as never)).toThrow("a close reason is a string, not a number");
  });
});

describe("a reason that is cut (RFC 6455 §5.5)", () => {
  it("fits, begins the whole one, and lacks less than one character", () => {
    const reasons = fc.oneof(
      fc.string({ unit: "binary", minLength: 20, maxLength: 140 }),
      fc.string({ unit: fc.constantFrom("x", "é", "€", "🙂"), maxLength: 140 }),
    );
    fc.assert(
      fc.property(reasons, (reason) => {
        const cut = cutReason(reason);
        expect(reason.startsWith(cut)).toBe(true);
        expect(cut.isWellFormed()).toBe(true);
        const [next = ""] = reason.slice(cut.length);
        const size = Buffer.byteLength(cut);
        expect(size).toBeLessThanOrEqual(maxReasonSize);
        if (next !== "") expect(size + Buffer.byteLength(next)).toBeGreaterThan(maxReasonSize);
      }),
      { numRuns: 1000 },
    );
  });

  it("stays whole if it fits", () => {
    for (const reason of ["", "bye", "x".repeat(123), "🙂".repeat(30)]) {
      expect(cutReason(reason)).toBe(reason);
    }
  });

  it("keeps its end if half a surrogate pair stands before it", () => {
    expect(Buffer.from(cutReason("a\uD83Db")).toString()).toBe("a\uFFFDb");
  });
});
