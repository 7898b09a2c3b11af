import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlidingWindow } from "../../src/protocol/sliding-window.ts";

describe("a window that slides over what a peer sent (RFC 7692 §7.1.1)", () => {
  it("is the end of it, however it came", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 900 }), { maxLength: 12 });
    fc.assert(
      fc.property(pieces, fc.constantFrom(256, 1024, 4096), (list, size) => {
        const window = new SlidingWindow(size);
        for (const piece of list) window.append(piece);
        const all = Buffer.concat(list);
        expect(window.length).toBe(Math.min(all.length, size));
        const copy = Buffer.alloc(window.length);
        window.copy(copy, 0, window.length, window.length);
        expect(Buffer.compare(copy, all.subarray(all.length - window.length))).toBe(0);
      }),
    );
  });

  it("goes on with the message that comes after it", () => {
    const window = new SlidingWindow(256);
    window.append(Buffer.from("abc"));
    const message = Buffer.from("xy........");
    window.copy(message, 2, 2, 5);
    expect(message.toString()).toBe("xybcxyb...");
  });
});
