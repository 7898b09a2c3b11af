import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acceptKey, isValidKey, newKey } from "../../src/protocol/accept-key.ts";

describe("Sec-WebSocket-Accept (RFC 6455 §4.2.2 item 5.4)", () => {
  it("is the example of RFC 6455 §1.3 for its key", () => {
    expect(acceptKey("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });
});

describe("Sec-WebSocket-Key (RFC 6455 §4.2.1 item 5)", () => {
  it("is 16 bytes in base64", () => {
    expect(isValidKey("dGhlIHNhbXBsZSBub25jZQ==")).toBe(true);
    expect(isValidKey("+/AAAAAAAAAAAAAAAAAAAA==")).toBe(true);
  });

  it("may have anything in the four bits that its last character does not need", () => {
    expect(isValidKey("AAAAAAAAAAAAAAAAAAAAAB==")).toBe(true);
    expect(Buffer.from("AAAAAAAAAAAAAAAAAAAAAB==", "base64")).toHaveLength(16);
  });

  it("is refused with another length, for any number of bytes but 16", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(isValidKey(Buffer.from(bytes).toString("base64"))).toBe(bytes.length === 16);
      }),
    );
  });

  it("is refused with other characters, other padding or anything around it", () => {
    for (const key of [
      "",
      "==",
      "dGhlIHNhbXBsZSBub25jZQ",
      "dGhlIHNhbXBsZSBub25jZQ=",
      "dGhlIHNhbXBsZSBub25jZQ===",
      "dGhlIHNhbXBsZSBub25jZQ==\n",
      " dGhlIHNhbXBsZSBub25jZQ==",
      "dGhlIHNhbXBsZSBub25jZ_==",
      "dGhlIHNhbXBs=SBub25jZQ==",
      "dGhlIHNhbXBsZSBub25jZQ==, AAAA",
      "dGhlIHNhbXBsZSBub25jZ\u212a==",
    ]) {
      expect(isValidKey(key)).toBe(false);
    }
  });
});

describe("a new key (RFC 6455 §4.1 item 7)", () => {
  it("is valid, and chosen anew for each connection", () => {
    const keys = Array.from({ length: 100 }, newKey);
    expect(keys.every(isValidKey)).toBe(true);
    expect(new Set(keys).size).toBe(100);
  });
});
