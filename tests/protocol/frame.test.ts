import { describe, expect, it } from "vitest";
import {
  closeFrame,
  frame,
  headerSize,
  maxHeaderSize,
  newMaskingKey,
  textFrame,
  writeHeader,
} from "../../src/protocol/frame.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** The header that stands before a payload of `length`. */
function header(length: number, key?: number, opcode = 2, rsv = 0): string {
  const target = Buffer.alloc(maxHeaderSize + 4, 0xee);
  const end = writeHeader(target, 2, opcode, rsv, length, key);
  expect(end - 2).toBe(headerSize(length, key === undefined ? "server" : "client"));
  expect(hex(target.subarray(0, 2))).toBe("eeee");
  expect(target.subarray(end).every((octet) => octet === 0xee)).toBe(true);
  return hex(target.subarray(2, end));
}

describe("the header (RFC 6455 §5.2)", () => {
  it("tells a length in the fewest octets, in network byte order", () => {
    expect(header(0)).toBe("8200");
    expect(header(125)).toBe("827d");
    expect(header(126)).toBe("827e007e");
    expect(header(258)).toBe("827e0102");
    expect(header(65535)).toBe("827effff");
    expect(header(65536)).toBe("827f0000000000010000");
    expect(header(0x89abcdef)).toBe("827f0000000089abcdef");
    expect(header(2 ** 32 + 5)).toBe("827f0000000100000005");
    expect(header(Number.MAX_SAFE_INTEGER)).toBe("827f001fffffffffffff");
  });

  it("has FIN set, the opcode, and the bits of an extension", () => {
    for (let opcode = 0; opcode < 16; opcode++) {
      for (let rsv = 0; rsv < 8; rsv++) {
        const first = (0x80 + rsv * 16 + opcode).toString(16);
        expect(header(1, undefined, opcode, rsv)).toBe(`${first}01`);
      }
    }
  });

  it("with a key has MASK set and the key's lowest octet first (§5.3)", () => {
    expect(header(0, 0x3d21fa37)).toBe("828037fa213d");
    expect(header(125, -1)).toBe("82fdffffffff");
    expect(header(126, 1)).toBe("82fe007e01000000");
    expect(header(65536, -2147483648)).toBe("82ff000000000001000000000080");
  });

  it("takes 14 octets at most", () => {
    expect(headerSize(Number.MAX_SAFE_INTEGER, "client")).toBe(maxHeaderSize);
  });
});

describe("a frame (RFC 6455 §5.2, §5.7)", () => {
  it("of a message that goes on has no FIN (§5.4)", () => {
    expect(hex(frame(1, Buffer.from("Hel"), "server", 4, false))).toBe("410348656c");
    expect(hex(frame(0, Buffer.from("lo"), "server", 0, true))).toBe("80026c6f");
    expect(frame(2, Buffer.from("Hel"), "client", 0, false)[0]).toBe(0x02);
  });

  it("of a server is its header and its payload", () => {
    expect(hex(textFrame("Hello", "server"))).toBe("810548656c6c6f");
    expect(hex(frame(9, Buffer.from("Hello"), "server"))).toBe("890548656c6c6f");
    expect(hex(frame(2, Buffer.of(1, 2), "server", 4))).toBe("c2020102");
    expect(hex(closeFrame(1000, "€", "server"))).toBe("880503e8e282ac");
    expect(hex(closeFrame(undefined, "", "server"))).toBe("8800");
  });

  it("of a client is masked octet by octet with the key that it carries (§5.3)", () => {
    for (const made of [
      textFrame("Hello, world", "client"),
      frame(2, Buffer.from("Hello, world"), "client"),
    ]) {
      expect(made[1]).toBe(0x8c);
      const key = made.subarray(2, 6);
      const plain = made.subarray(6).map((octet, i) => octet ^ key[i % 4]!);
      expect(Buffer.from(plain).toString()).toBe("Hello, world");
    }
  });

  it("of a client without a payload still carries a key (§5.3)", () => {
    expect(frame(9, Buffer.alloc(0), "client")).toHaveLength(6);
    expect(closeFrame(undefined, "", "client")).toHaveLength(6);
    expect(textFrame("", "client")).toHaveLength(6);
  });

  it("shows its key on a payload of zeros", () => {
    const made = hex(frame(2, Buffer.alloc(200), "client"));
    const key = made.slice(8, 16);
    expect(made.slice(16)).toBe(key.repeat(50));
  });
});

describe("masking keys (RFC 6455 §5.3, §10.3)", () => {
  const keys = Array.from({ length: 10_000 }, newMaskingKey);

  it("are fresh for each frame", () => {
    const frames = Array.from({ length: 10_000 }, () => frame(2, Buffer.alloc(8), "client"));
    const taken = frames.map((made) => hex(made.subarray(2, 6)));
    // Of 10 000 random ones a single pair is equal once in 86 times; four pairs never.
    expect(new Set(taken).size).toBeGreaterThan(9_996);
    expect(new Set(keys).size).toBeGreaterThan(9_996);
  });

  it("have every bit set in half of them", () => {
    for (let bit = 0; bit < 32; bit++) {
      const set = keys.filter((key) => (key & (1 << bit)) !== 0).length;
      // Ten standard deviations of 50 to either side.
      expect(Math.abs(set - 5_000)).toBeLessThan(500);
    }
  });

  it("do not follow from the one before", () => {
    const steps = keys.slice(1).map((key, i) => (key - keys[i]!) | 0);
    expect(new Set(steps).size).toBeGreaterThan(9_990);
  });
});
