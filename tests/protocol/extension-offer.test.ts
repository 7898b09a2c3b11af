import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ExtensionOffer,
  formatExtensions,
  parseExtensions,
} from "../../src/protocol/extension-offer.ts";
import { fastest } from "./fastest.ts";

describe("Sec-WebSocket-Extensions as a peer sends it (RFC 6455 §9.1)", () => {
  it("is a list of names with parameters, in order", () => {
    expect(
      parseExtensions("permessage-deflate; client_max_window_bits, x;a=1 ; b = c,\ty"),
    ).toEqual([
      { name: "permessage-deflate", parameters: [["client_max_window_bits", true]] },
      {
        name: "x",
        parameters: [
          ["a", "1"],
          ["b", "c"],
        ],
      },
      { name: "y", parameters: [] },
    ]);
  });

  it("may quote a value that is a token once unescaped", () => {
    expect(parseExtensions('x; a="1\\0"; b="c"')).toEqual([
      {
        name: "x",
        parameters: [
          ["a", "10"],
          ["b", "c"],
        ],
      },
    ]);
  });

  it("may hold empty elements (RFC 9110 §5.6.1.2)", () => {
    expect(parseExtensions(",, x, ,y,")?.map(({ name }) => name)).toEqual(["x", "y"]);
  });

  it("may name a parameter or an extension twice: the extension decides", () => {
    expect(parseExtensions("x; a; a=1, x")).toEqual([
      {
        name: "x",
        parameters: [
          ["a", true],
          ["a", "1"],
        ],
      },
      { name: "x", parameters: [] },
    ]);
  });

  it("may use the names of Object.prototype without touching it", () => {
    expect(parseExtensions("__proto__; toString, constructor; __proto__=x")).toEqual([
      { name: "__proto__", parameters: [["toString", true]] },
      { name: "constructor", parameters: [["__proto__", "x"]] },
    ]);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  it.each([
    "",
    " ",
    ",",
    ";",
    "; a",
    "x;",
    "x;;a",
    "x; =1",
    "x; a=",
    "x; a=,y",
    'x; a=""',
    'x; a="b c"',
    'x; a="b',
    'x; a="b\\',
    'x; a="b"c',
    'x; a=b"c"',
    "x y",
    "x; a b",
    "x; a=b c",
    "x/1",
    "x, y=1",
    '"x"',
    "x\u00e9",
    "x\r\ny",
  ])("is malformed as %j", (text) => {
    expect(parseExtensions(text)).toBeUndefined();
  });

  it("is read in linear time: 64 KB take milliseconds, not seconds", () => {
    const size = 65_536;
    for (const text of [
      `a; b="${"\\c".repeat(size / 2)}`,
      `a${" ".repeat(size)}b`,
      `a; b=${" ".repeat(size)}`,
      `a${";b".repeat(size / 2)}!;`,
      `${"a,".repeat(size / 2)};`,
      `a${'; b="c"'.repeat(size / 7)}`,
    ]) {
      expect(fastest(() => parseExtensions(text))).toBeLessThan(50);
    }
  });

  it("never throws", () => {
    const piece = fc.constantFrom("a", ";", ",", "=", '"', "\\", " ", "\t", "b=", "é");
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece).map((p) => p.join("")),
    );
    fc.assert(fc.property(text, (value) => void parseExtensions(value)));
  });
});

describe("Sec-WebSocket-Extensions as we write it (RFC 6455 §9.1)", () => {
  it("is read back as what was meant", () => {
    const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9a-zA-Z]{1,12}$/);
    const offers: fc.Arbitrary<ExtensionOffer[]> = fc.array(
      fc.record({
        name: token,
        parameters: fc.array(fc.tuple(token, fc.oneof(token, fc.constant(true as const)))),
      }),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(offers, (list) => {
        expect(parseExtensions(formatExtensions(list))).toEqual(list);
      }),
    );
  });

  it("looks like the examples of RFC 7692", () => {
    expect(
      formatExtensions([
        { name: "permessage-deflate", parameters: [["client_max_window_bits", true]] },
        { name: "permessage-deflate", parameters: [["server_max_window_bits", "10"]] },
      ]),
    ).toBe(
      "permessage-deflate; client_max_window_bits, permessage-deflate; server_max_window_bits=10",
    );
  });

  it("refuses names and values that are no tokens", () => {
    for (const offer of [
      { name: "a b", parameters: [] },
      { name: "", parameters: [] },
      { name: "a", parameters: [["b\r\n", true]] },
      { name: "a", parameters: [["b", "c, d"]] },
    ] satisfies ExtensionOffer[]) {
      expect(() => formatExtensions([offer])).toThrow(
        expect.objectContaining({ code: "ERR_HEADER" }),
      );
    }
  });
});
