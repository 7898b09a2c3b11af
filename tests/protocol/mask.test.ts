import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { mask } from "../../src/protocol/mask.ts";

const key = 0x3d21fa37;
const keyOctets = [0x37, 0xfa, 0x21, 0x3d];

/** §5.3 word for word: "octet i … is the XOR of octet i … with octet at index i modulo 4". */
function masked(payload: Uint8Array, octets: readonly number[], phase = 0): Uint8Array {
  return payload.map((octet, i) => octet ^ octets[(i + phase) % 4]!);
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

describe("masking (RFC 6455 §5.3)", () => {
  it("masks the example of §5.7", () => {
    const bytes = Buffer.from("Hello");
    mask(bytes, 0, 5, key, 0);
    expect(bytes.toString("hex")).toBe("7f9f4d5158");
  });

  it("is right for every length to 300, alignment and phase, and touches nothing else", () => {
    const plain = Uint8Array.from({ length: 320 }, (_, i) => (i * 167 + 13) & 0xff);
    const wrong: string[] = [];
    for (let length = 0; length <= 300; length++) {
      for (let start = 0; start < 8; start++) {
        for (let phase = 0; phase < 4; phase++) {
          const end = start + length;
          const bytes = plain.slice();
          mask(bytes, start, end, key, phase);
          const expected = plain.slice();
          expected.set(masked(plain.subarray(start, end), keyOctets, phase), start);
          if (!same(bytes, expected)) wrong.push(`${length} from ${start} in phase ${phase}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  const wide = [
    95, 96, 97, 111, 112, 511, 512, 527, 528, 1040, 4096, 65_535, 65_536, 65_552, 200_001,
  ];

  it.each(wide)("is right for %i bytes, and says whether all are ASCII", (length) => {
    for (const [start, phase] of [
      [0, 0],
      [3, 1],
      [16, 2],
      [7, 3],
    ] as const) {
      const plain = Uint8Array.from({ length: start + length + 5 }, (_, i) => (i * 31) & 0x7f);
      const bytes = plain.slice();
      bytes.set(masked(plain.subarray(start, start + length), keyOctets, phase), start);
      expect(mask(bytes, start, start + length, key, phase) & 0x80).toBe(0);
      expect(same(bytes, plain)).toBe(true);
      for (const at of [0, length >> 1, length - 1]) {
        const odd = plain.slice();
        odd[start + at]! |= 0x80;
        const sent = odd.slice();
        sent.set(masked(odd.subarray(start, start + length), keyOctets, phase), start);
        expect(mask(sent, start, start + length, key, phase) & 0x80).toBe(0x80);
        expect(same(sent, odd)).toBe(true);
      }
    }
  });

  it("is right for a view that is nothing but a wide payload", () => {
    const plain = new Uint8Array(4096).fill(0x61);
    const bytes = masked(plain, keyOctets);
    expect(mask(bytes, 0, bytes.length, key, 0) & 0x80).toBe(0);
    expect(same(bytes, plain)).toBe(true);
  });

  it("does without WebAssembly where a runtime has none", async () => {
    vi.resetModules();
    vi.stubGlobal("WebAssembly", undefined);
    const { mask: narrow } = await import("../../src/protocol/mask.ts");
    const plain = Uint8Array.from({ length: 5_000 }, (_, i) => i & 0xff);
    const bytes = masked(plain, keyOctets, 1);
    narrow(bytes, 0, bytes.length, key, 1);
    vi.unstubAllGlobals();
    expect(same(bytes, plain)).toBe(true);
  });

  it("is right for every alignment of the view over its memory", () => {
    for (let offset = 0; offset < 8; offset++) {
      const plain = Uint8Array.from({ length: 200 }, (_, i) => i);
      const bytes = new Uint8Array(new ArrayBuffer(208), offset, 200);
      bytes.set(plain);
      mask(bytes, 3, 197, key, 1);
      expect(same(bytes.subarray(3, 197), masked(plain.subarray(3, 197), keyOctets, 1))).toBe(true);
    }
  });

  it("is right for any key, and undoes itself", () => {
    const anyKey = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), anyKey, fc.nat(), (plain, key, phase) => {
        const octets = [...new Uint8Array(new Int32Array([key]).buffer)];
        const bytes = plain.slice();
        mask(bytes, 0, bytes.length, key, phase);
        expect(same(bytes, masked(plain, octets, phase))).toBe(true);
        mask(bytes, 0, bytes.length, key, phase);
        expect(same(bytes, plain)).toBe(true);
      }),
    );
  });

  it("gives the same in pieces as at once", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(300)), (plain, cuts) => {
        const bytes = plain.slice();
        const ends = [...cuts.filter((cut) => cut < plain.length), plain.length];
        let start = 0;
        for (const end of ends.sort((a, b) => a - b)) {
          mask(bytes, start, end, key, start);
          start = end;
        }
        expect(same(bytes, masked(plain, keyOctets))).toBe(true);
      }),
    );
  });

  it("counts the phase beyond 2^32", () => {
    const bytes = Buffer.from("Hello");
    mask(bytes, 0, 5, key, 2 ** 33 + 3);
    expect(same(bytes, masked(Buffer.from("Hello"), keyOctets, 3))).toBe(true);
  });
});

describe("what masking tells of its result", () => {
  it("is bit 7 of any octet, wherever it is", () => {
    const wrong: string[] = [];
    for (const length of [0, 1, 2, 3, 4, 5, 47, 48, 49, 50, 51, 52, 100]) {
      for (let start = 0; start < 4; start++) {
        for (let odd = -1; odd < length; odd++) {
          const bytes = new Uint8Array(length + 8).fill(0xff);
          bytes.fill(0x7f, start, start + length);
          if (odd >= 0) bytes[start + odd] = 0x80;
          mask(bytes, start, start + length, key, 0);
          const seen = mask(bytes, start, start + length, key, 0);
          if ((seen & 0x80) !== (odd < 0 ? 0 : 0x80)) wrong.push(`${length} ${start} ${odd}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});
