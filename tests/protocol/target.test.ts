import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeParameter, parseTarget } from "../../src/protocol/target.ts";
import { fastest } from "./fastest.ts";

const path = (target: string) => parseTarget(target)?.path;

describe("a request target (RFC 6455 §4.2.1 item 1, RFC 9112 §3.2.1)", () => {
  it("is a path and the raw text after the first question mark", () => {
    expect(parseTarget("/chat/?a=%20b?c=/../d")).toEqual({
      path: "/chat/",
      query: "a=%20b?c=/../d",
    });
    expect(parseTarget("/")).toEqual({ path: "/", query: "" });
    expect(parseTarget("/?")).toEqual({ path: "/", query: "" });
  });

  it("is refused in any other form than origin-form", () => {
    for (const target of [
      "",
      "*",
      "?a",
      "chat",
      "http://169.254.169.254/latest",
      "ws://host/",
      "example.com:443",
      "//",
      "//evil.com/x",
      "///",
      "\\\\evil.com",
    ]) {
      expect(parseTarget(target)).toBeUndefined();
    }
  });

  it("is refused with a fragment, a backslash in the path, white space or anything outside ASCII", () => {
    for (const target of [
      "/a#b",
      "/a?b#c",
      "/a\\..\\b",
      "/\\evil.com",
      "/a b",
      "/a?b c",
      "/a\tb",
      "/a\u0000",
      "/a\u007f",
      "/a\r\nx",
      "/\u00e9",
      "/\ud800",
      "/a?\u0085",
    ]) {
      expect(parseTarget(target)).toBeUndefined();
    }
  });

  it("may have a backslash in its query, where browsers send it as it is", () => {
    expect(parseTarget("/a?b=\\")).toEqual({ path: "/a", query: "b=\\" });
  });
});

describe("percent-encoding (RFC 3986 §2.1)", () => {
  it("is decoded once, as UTF-8", () => {
    expect(path("/caf%C3%A9/%e2%82%ac/%61")).toBe("/café/€/a");
    expect(path("/a%3Fb%23c%5Cd")).toBe("/a?b#c\\d");
  });

  it("stays for slash and percent, in upper case, so that nothing is lost", () => {
    expect(path("/a%2fb/%25")).toBe("/a%2Fb/%25");
    expect(path("/%252F")).toBe("/%252F");
    expect(path("/%252f")).toBe("/%252f");
    expect(path("/%252e%252e/a")).toBe("/%252e%252e/a");
    expect(path("/%2Fevil.com")).toBe("/%2Fevil.com");
  });

  it("is refused when malformed, overlong, a surrogate, beyond Unicode or a control character", () => {
    for (const target of [
      "/%",
      "/%2",
      "/%zz",
      "/%%25",
      "/%2%35",
      "/%E0%A4%A",
      "/%C3",
      "/%80",
      "/%C0%AF",
      "/%C0%80",
      "/%E0%80%AF",
      "/%ED%A0%80",
      "/%F4%90%80%80",
      "/%FF",
      "/a%00b",
      "/a%0D%0Ab",
      "/a%1f",
      "/a%7F",
    ]) {
      expect(parseTarget(target)).toBeUndefined();
    }
  });

  it("is not read in the query, which may hold anything visible", () => {
    expect(parseTarget("/?%zz%00")?.query).toBe("%zz%00");
  });
});

describe("dot segments (RFC 3986 §5.2.4)", () => {
  it.each([
    ["/a/b/c/./../../g", "/a/g"],
    ["/../../a", "/a"],
    ["/a/.", "/a/"],
    ["/a/..", "/"],
    ["/a/b/..", "/a/"],
    ["/.", "/"],
    ["/..", "/"],
    ["/a//../b", "/a/b"],
    ["/a//b", "/a//b"],
    ["/a/.../b", "/a/.../b"],
    ["/.a/b.", "/.a/b."],
    ["/a/%2e%2E/b", "/b"],
    ["/a/.%2e/b/%2e", "/b/"],
    ["/a/..%2Fb", "/a/..%2Fb"],
  ])("are removed once: %s is %s", (target, expected) => {
    expect(path(target)).toBe(expected);
  });

  it("never leave a path at whose start a URL parser would find a host", () => {
    for (const target of [
      "/.//evil.com",
      "/a/..//evil.com",
      "/..//",
      "/%2e//x",
      "/a/.././/b",
      "/%5Cevil.com",
      "/a/../%5cevil.com",
      "/%09/evil.com",
    ]) {
      expect(parseTarget(target)).toBeUndefined();
    }
  });
});

describe("a parameter of a route", () => {
  it("gets its slash and percent back, once", () => {
    expect(decodeParameter("a%2Fb%25")).toBe("a/b%");
    expect(decodeParameter("%252F")).toBe("%2F");
    expect(decodeParameter("%zz%")).toBe("%zz%");
  });

  it("is what the client encoded, whatever that was but control characters", () => {
    const segment = fc
      .string({ unit: "binary", minLength: 1, maxLength: 40 })
      .filter((text) => !/^\.\.?$|^\\|[^ -~\x80-\u{10ffff}]/u.test(text));
    fc.assert(
      fc.property(segment, (text) => {
        const parsed = path(`/${encodeURIComponent(text)}`);
        expect(parsed?.slice(1).includes("/")).toBe(false);
        expect(decodeParameter(parsed?.slice(1) ?? "")).toBe(text);
      }),
    );
  });
});

describe("any target at all", () => {
  const piece = fc.constantFrom(
    "/",
    "//",
    ".",
    "..",
    "%",
    "%2e",
    "%2F",
    "%25",
    "%C3",
    "a",
    "?",
    "\\",
  );
  const target = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(piece).map((pieces) => `/${pieces.join("")}`),
  );

  it("gives a path that is safe to route, or nothing, and never throws", () => {
    fc.assert(
      fc.property(target, (text) => {
        const parsed = parseTarget(text);
        decodeParameter(text);
        if (parsed === undefined) return;
        expect(parsed.path).toMatch(/^\/(?!\/)/);
        expect(parsed.path.split("/")).not.toContain("..");
        expect(parsed.path.split("/")).not.toContain(".");
        expect(parsed.path.replace(/%(2F|25)/g, "")).not.toContain("%");
      }),
      { numRuns: 2000 },
    );
  });

  it("agrees with the URL parser about dot segments", () => {
    const segment = fc.constantFrom("a", ".", "..", "%2e", ".%2E", "b.c", "");
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
        const text = `/${segments.join("/")}`;
        const { pathname } = new URL(`http://host${text}`);
        const expected = text.startsWith("//") || pathname.startsWith("//") ? undefined : pathname;
        expect(path(text)).toBe(expected);
      }),
    );
  });

  it("is read in time that its length bounds", () => {
    for (const unit of ["/..", "/a/..", "%2F", "%", "%25%2", "/", "/."]) {
      const text = `/a${unit.repeat(Math.ceil(65_536 / unit.length))}`;
      expect(fastest(() => parseTarget(text))).toBeLessThan(100);
    }
  });
});
