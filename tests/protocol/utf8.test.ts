import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Utf8Validator } from "../../src/protocol/utf8.ts";

/** Where the octets fail when each comes alone; their number if only the end fails; undefined if nothing does. */
function failsAt(octets: Uint8Array): number | undefined {
  const validator = new Utf8Validator();
  for (let i = 0; i < octets.length; i++) {
    if (!validator.push(octets, i, i + 1)) return i;
  }
  return validator.end() ? undefined : octets.length;
}

/** The same, asked of another: a beginning is good if some octets after it make it whole. */
function mustFailAt(octets: Uint8Array): number | undefined {
  if (isUtf8(octets)) return undefined;
  const endings = ["", "80", "8080", "808080", "bf80", "bf8080"].map((end) =>
    Buffer.from(end, "hex"),
  );
  for (let i = 0; i < octets.length; i++) {
    const beginning = octets.subarray(0, i + 1);
    if (!endings.some((end) => isUtf8(Buffer.concat([beginning, end])))) return i;
  }
  return octets.length;
}

const hex = (octets: Uint8Array) => Buffer.from(octets).toString("hex");

describe("what is UTF-8 (RFC 3629 §3, §4)", () => {
  it("is every code point but the surrogates", () => {
    const validator = new Utf8Validator();
    const wrong: number[] = [];
    for (let point = 0; point <= 0x10ffff; point++) {
      if (point === 0xd800) point = 0xe000;
      const octets = Buffer.from(String.fromCodePoint(point));
      if (!validator.push(octets, 0, octets.length) || !validator.end()) wrong.push(point);
    }
    expect(wrong).toEqual([]);
  });

  it("is what Node takes for it, for all of up to three octets", () => {
    const validator = new Utf8Validator();
    const wrong: string[] = [];
    const compare = (octets: Uint8Array) => {
      const begun = validator.push(octets, 0, octets.length);
      const ended = validator.end();
      if ((begun && ended) !== isUtf8(octets)) wrong.push(hex(octets));
    };
    const three = new Uint8Array(3);
    for (let first = 0; first < 256; first++) {
      three[0] = first;
      compare(three.subarray(0, 1));
      for (let second = 0; second < 256; second++) {
        three[1] = second;
        compare(three.subarray(0, 2));
        // ASCII in front of two octets says nothing new.
        for (let third = 0; first >= 0x80 && third < 256; third++) {
          three[2] = third;
          compare(three);
        }
      }
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  it("fails at the first octet that cannot be right, for all of one and two octets", () => {
    const wrong: string[] = [];
    for (let value = 0; value < 65536; value++) {
      const octets = Buffer.of(value >> 8, value & 0xff);
      if (failsAt(octets) !== mustFailAt(octets)) wrong.push(hex(octets));
    }
    for (let octet = 0; octet < 256; octet++) {
      if (failsAt(Buffer.of(octet)) !== mustFailAt(Buffer.of(octet))) wrong.push(`${octet}`);
    }
    expect(wrong).toEqual([]);
  });

  it("fails at the first octet that cannot be right, at the borders of all ranges", () => {
    const borders = [..."007f808f909fa0bfc0c1c2dfe0e1ecedeeeff0f1f3f4f5ff".matchAll(/../g)].map(
      ([octet]) => Number.parseInt(octet, 16),
    );
    const leads = borders.filter((octet) => octet >= 0xe0);
    const wrong: string[] = [];
    for (const a of leads) {
      for (const b of borders) {
        for (const c of borders) {
          for (const d of borders) {
            const octets = Buffer.of(a, b, c, d);
            if (failsAt(octets) !== mustFailAt(octets)) wrong.push(hex(octets));
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe("UTF-8 that comes in pieces (RFC 6455 §8.1)", () => {
  const almostText = fc
    .tuple(fc.string({ unit: "binary", maxLength: 80 }), fc.nat(), fc.option(fc.nat(255)))
    .map(([string, at, octet]) => {
      const octets = Buffer.from(string);
      if (octet !== null && octets.length > 0) octets[at % octets.length] = octet;
      return octets;
    });

  it("fails in the piece that holds the first bad octet, wherever it is cut in two", () => {
    fc.assert(
      fc.property(almostText, (octets) => {
        const bad = mustFailAt(octets);
        expect(failsAt(octets)).toBe(bad);
        for (let cut = 0; cut <= octets.length; cut++) {
          const validator = new Utf8Validator();
          const first = validator.push(octets, 0, cut);
          expect(first).toBe(bad === undefined || bad >= cut);
          if (!first) continue;
          const second = validator.push(octets, cut, octets.length);
          expect(second).toBe(bad === undefined || bad === octets.length);
          if (second) expect(validator.end()).toBe(bad === undefined);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is judged between start and end only", () => {
    const octets = Buffer.concat([Buffer.of(0xff), Buffer.from("é".repeat(20)), Buffer.of(0xff)]);
    const validator = new Utf8Validator();
    expect(validator.push(octets, 1, octets.length - 1)).toBe(true);
    expect(validator.end()).toBe(true);
  });

  it("may be nothing", () => {
    const validator = new Utf8Validator();
    expect(validator.push(Buffer.alloc(0), 0, 0)).toBe(true);
    expect(validator.end()).toBe(true);
  });

  it("may not end inside a character; after the end another text begins", () => {
    const validator = new Utf8Validator();
    for (const start of ["c3", "e0", "e2", "ed", "f0", "f4", "e282", "f09f99"]) {
      const octets = Buffer.from(start, "hex");
      expect(validator.push(octets, 0, octets.length)).toBe(true);
      expect(validator.end()).toBe(false);
      // Whatever was due does not bound what comes now: 80 and BF are the first and the last that may.
      expect(validator.push(Buffer.from("e18080e1bfbf", "hex"), 0, 6)).toBe(true);
      expect(validator.end()).toBe(true);
    }
  });
});
