import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FieldScanner,
  isFieldValue,
  isToken,
  listElements,
  quoted,
  trimWhitespace,
} from "../../src/protocol/token.ts";
import { fastest } from "./fastest.ts";

describe("a token (RFC 9110 §5.6.2)", () => {
  it("is made of tchars, and of at least one", () => {
    expect(isToken("permessage-deflate")).toBe(true);
    expect(isToken("!#$%&'*+-.^_`|~09azAZ")).toBe(true);
    expect(isToken("")).toBe(false);
  });

  it("holds no separator, white space, control character or other alphabet", () => {
    const tchars = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (let code = 0; code < 0x180; code++) {
      const character = String.fromCharCode(code);
      expect(isToken(`a${character}`)).toBe(tchars.includes(character));
    }
  });
});

describe("the value of a header (RFC 9110 §5.5)", () => {
  it("is visible ASCII, spaces and tabs", () => {
    for (let code = 0; code < 0x180; code++) {
      const allowed = code === 0x09 || (code >= 0x20 && code <= 0x7e);
      expect(isFieldValue(`a${String.fromCharCode(code)}b`)).toBe(allowed);
    }
  });
});

describe("white space around a value (RFC 9110 §5.6.3)", () => {
  it("is spaces and tabs, and nothing that only Unicode calls white space", () => {
    expect(trimWhitespace(" \t a b \t ")).toBe("a b");
    expect(trimWhitespace("\u00a0a\u000b")).toBe("\u00a0a\u000b");
    expect(trimWhitespace(" \t ")).toBe("");
  });
});

describe("a comma-separated list (RFC 9110 §5.6.1)", () => {
  it("gives its elements in order, without the white space around them", () => {
    expect(listElements("keep-alive,\tUpgrade , x")).toEqual(["keep-alive", "Upgrade", "x"]);
  });

  it("may have empty elements, which a recipient passes over", () => {
    expect(listElements(", a,, ,b,")).toEqual(["a", "b"]);
    expect(listElements("")).toEqual([]);
    expect(listElements(" , ,")).toEqual([]);
  });
});

describe("a scanner", () => {
  it("reads tokens and separators, and says when all was read", () => {
    const scanner = new FieldScanner(" a ; b ");
    expect([scanner.token(), scanner.take(","), scanner.take(";"), scanner.atEnd]).toEqual([
      "a",
      false,
      true,
      false,
    ]);
    expect([scanner.token(), scanner.atEnd]).toEqual(["b", true]);
  });

  it("unescapes a quoted string and insists that a token is in it (RFC 6455 §9.1)", () => {
    const read = (text: string) => new FieldScanner(text).quotedToken();
    expect(read('"1\\0"')).toBe("10");
    for (const text of ['""', '"a b"', '"a\\"b"', '"a', '"\\', '"', "a", '"a,b"', '"\u00e9"']) {
      expect(read(text)).toBe("");
    }
  });
});

describe("what a peer sent, in a message of ours", () => {
  it("is printable ASCII of bounded length, whatever it was", () => {
    expect(quoted('a"\r\n\u009b\u001b\ud800')).toBe('"a\\"\\r\\n\\u009b\\u001b\\ud800"');
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
        expect(quoted(text)).toMatch(/^"[ -~]{0,1300}"$/);
      }),
    );
  });
});

describe("hostile input", () => {
  it("costs what its length costs: 64 KB take less than 5 ms", () => {
    const size = 64 * 1024;
    const hostile = [
      " ".repeat(size),
      `a${" ".repeat(size)}a`,
      ",".repeat(size),
      " ,".repeat(size / 2),
      '"'.repeat(size),
      `"${"\\c".repeat(size / 2)}`,
      "a".repeat(size),
    ];
    const scans: ((text: string) => unknown)[] = [
      isToken,
      trimWhitespace,
      listElements,
      (text) => new FieldScanner(text).token(),
      (text) => new FieldScanner(text).quotedToken(),
    ];
    for (const text of hostile) {
      for (const scan of scans) expect(fastest(() => scan(text))).toBeLessThan(5);
    }
  });
});
