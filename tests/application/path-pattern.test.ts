import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PathPattern } from "../../src/application/path-pattern.ts";
import { UsageError } from "../../src/errors.ts";

/** The parameters as a plain object, so that they can be compared with a literal. */
function matched(pattern: string | RegExp, path: string): Record<string, string> | undefined {
  const params = new PathPattern(pattern).match(path);
  return params && { ...params };
}

function prefixed(pattern: string | RegExp, path: string): [object, string] | undefined {
  const found = new PathPattern(pattern).matchPrefix(path);
  return found && [{ ...found.params }, found.rest];
}

describe("a path written as text", () => {
  test("matches itself, as a whole", () => {
    expect(matched("/chat/", "/chat/")).toEqual({});
    expect(matched("/chat/", "/chat/x")).toBeUndefined();
    expect(matched("/chat/", "/x/chat/")).toBeUndefined();
    expect(matched("/", "/")).toEqual({});
  });

  test("takes its trailing slash seriously", () => {
    expect(matched("/chat/", "/chat")).toBeUndefined();
    expect(matched("/chat", "/chat/")).toBeUndefined();
  });

  test("takes case seriously", () => {
    expect(matched("/chat/", "/Chat/")).toBeUndefined();
  });

  test.each(["/a.b/", "/a+/", "/a|b/", "/$/^/", "/Foo_(bar)/", "/a\\d/"])(
    "means %s and nothing else",
    (text) => {
      expect(matched(text, text)).toEqual({});
      expect(matched(text, "/a/")).toBeUndefined();
      expect(matched(text, "/axb/")).toBeUndefined();
    },
  );

  test("may be in any script", () => {
    expect(matched("/größe/聊天/🦆/", "/größe/聊天/🦆/")).toEqual({});
    expect(matched("/🦆/", "/🦅/")).toBeUndefined();
  });

  test("finds its percent sign in a path, where it stands encoded", () => {
    expect(matched("/100%/", "/100%25/")).toEqual({});
    expect(matched("/100%25/", "/100%25/")).toEqual({});
    expect(matched("/a%2Fb/", "/a%2Fb/")).toEqual({});
  });

  test("does not end at a line break", () => {
    expect(matched("/chat", "/chat\n")).toBeUndefined();
  });
});

describe("a parameter", () => {
  test("is one segment that is not empty", () => {
    expect(matched("/deploy/:taskId/", "/deploy/17/")).toEqual({ taskId: "17" });
    expect(matched("/deploy/:taskId/", "/deploy//")).toBeUndefined();
    expect(matched("/deploy/:taskId/", "/deploy/1/7/")).toBeUndefined();
    expect(matched("/deploy/:taskId", "/deploy/a\nb")).toEqual({ taskId: "a\nb" });
  });

  test("is decoded to the end, and an encoded slash does not divide it", () => {
    expect(matched("/file/:name/", "/file/a%2Fb/")).toEqual({ name: "a/b" });
    expect(matched("/file/:name/", "/file/100%25/")).toEqual({ name: "100%" });
    expect(matched("/file/:name/", "/file/%252F/")).toEqual({ name: "%2F" });
    expect(matched("/file/:name/", "/file/%41/")).toEqual({ name: "%41" });
  });

  test("obeys its own regular expression", () => {
    expect(matched("/deploy/online/:taskId(\\d+)/", "/deploy/online/17/")).toEqual({
      taskId: "17",
    });
    expect(matched("/deploy/online/:taskId(\\d+)/", "/deploy/online/17b/")).toBeUndefined();
    expect(matched("/:lang(de|en)/", "/de/")).toEqual({ lang: "de" });
    expect(matched("/:lang(de|en)/", "/den/")).toBeUndefined();
    expect(matched("/:rest(.*)", "/a/b/c")).toEqual({ rest: "a/b/c" });
    expect(matched("/:one(.)/", "/🦆/")).toEqual({ one: "🦆" });
  });

  test("may have parentheses in its regular expression", () => {
    expect(matched("/:a((?:x|y)+)/:b/", "/xyx/z/")).toEqual({ a: "xyx", b: "z" });
    expect(matched("/:a([()]+)/", "/)(/")).toEqual({ a: ")(" });
    expect(matched("/:a(\\(\\d\\))/", "/(1)/")).toEqual({ a: "(1)" });
    expect(matched("/:a((?!admin)[^/]+)/", "/admin/")).toBeUndefined();
    expect(matched("/:a((?!admin)[^/]+)/", "/guest/")).toEqual({ a: "guest" });
    expect(matched("/:a(\\d*)/", "//")).toEqual({ a: "" });
  });

  test("may share a segment", () => {
    expect(matched("/:a-:b/", "/x-y/")).toEqual({ a: "x", b: "y" });
    expect(matched("/:a-:b/", "/x-y-z/")).toEqual({ a: "x", b: "y-z" });
    expect(matched("/:a-:b/", "/--x/")).toEqual({ a: "-", b: "x" });
    expect(matched("/:a-:b/", "/x-/")).toBeUndefined();
    expect(matched("/:slug-:id(\\d+)/", "/my-nice-post-12/")).toEqual({
      slug: "my-nice-post",
      id: "12",
    });
    expect(matched("/:year(\\d{4}):month(\\d\\d)/", "/202611/")).toEqual({
      year: "2026",
      month: "11",
    });
    expect(matched("/v:major.:minor/", "/v1.2/")).toEqual({ major: "1", minor: "2" });
  });

  test("may have the name of anything in an object", () => {
    const params = new PathPattern("/:__proto__/:constructor/").match("/a/b/");
    expect("toString" in (params ?? {})).toBe(false);
    expect(Object.entries(params ?? {})).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });

  test("cannot be changed", () => {
    expect(new PathPattern("/:a/").match("/x/")).toSatisfy(Object.isFrozen);
  });

  test("sharing a segment with many others costs no more than the path is long", () => {
    const pattern = new PathPattern("/:a-:b-:c-:d-:e-:f/");
    const dashes = "-".repeat(100_000);
    expect(pattern.match(`/${dashes}/`)).toBeDefined();
    expect(pattern.match(`/${dashes}`)).toBeUndefined();
    expect(pattern.matchPrefix(`/${dashes}`)).toBeUndefined();
  });

  test("finds every path that plain wildcards would find", () => {
    const cut = new PathPattern("/:a-:b--:c");
    const plain = /^\/[^/]+-[^/]+--[^/]+$/u;
    const path = fc.string({ unit: fc.constantFrom("-", "x", "/"), maxLength: 12 });
    fc.assert(
      fc.property(path, (rest) => {
        expect(cut.match(`/${rest}`) !== undefined).toBe(plain.test(`/${rest}`));
      }),
    );
  });
});

describe("a path written as a regular expression", () => {
  test("is anchored at both ends, as a whole", () => {
    expect(matched(/\/a|\/b/, "/a")).toEqual({});
    expect(matched(/\/a|\/b/, "/b")).toEqual({});
    expect(matched(/\/a|\/b/, "/ab")).toBeUndefined();
    expect(matched(/\/a|\/b/, "/a/b")).toBeUndefined();
    expect(matched(/^\/a$/, "/a")).toEqual({});
  });

  test("gives its named groups, decoded", () => {
    expect(matched(/\/(?<year>\d{4})\/(?<slug>[^/]+)\//, "/2026/a%2Fb/")).toEqual({
      year: "2026",
      slug: "a/b",
    });
    expect(matched(/\/(\d+)\/(?<b>x)/, "/1/x")).toEqual({ b: "x" });
  });

  test("leaves out a group that took no part", () => {
    expect(matched(/\/a(?:\/(?<page>\d+))?/, "/a")).toEqual({});
  });

  test("may have a group named __proto__", () => {
    const params = new PathPattern(/\/(?<__proto__>.*)/).match("/x");
    expect(Object.entries(params ?? {})).toEqual([["__proto__", "x"]]);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  test("keeps the flags that say what a character is", () => {
    expect(matched(/\/chat/i, "/CHAT")).toEqual({});
    expect(matched(/\/./u, "/🦆")).toEqual({});
    expect(matched(/\/./, "/🦆")).toBeUndefined();
    expect(matched(/\/./s, "/\n")).toEqual({});
    expect(matched(new RegExp("/[\\p{L}--[a-z]]", "v"), "/A")).toEqual({});
    expect(matched(/\/a/d, "/a")).toEqual({});
  });

  test.each([/\/a/g, /\/a/y, /\/a/m, /\/a/gi])("is refused as %s", (path) => {
    expect(() => new PathPattern(path)).toThrow(UsageError);
    expect(() => new PathPattern(path)).toThrow(/route path \/\\\/a\/.*the flag "[gym]"/);
  });

  test("does not remember the last path", () => {
    const pattern = new PathPattern(/\/a/);
    expect([1, 2, 3].map(() => pattern.match("/a") !== undefined)).toEqual([true, true, true]);
  });
});

describe("a prefix", () => {
  test("leaves a rest that begins with a slash, whether it ends with one or not", () => {
    expect(prefixed("/deploy/", "/deploy/online/")).toEqual([{}, "/online/"]);
    expect(prefixed("/deploy", "/deploy/online/")).toEqual([{}, "/online/"]);
    expect(prefixed("/", "/online/")).toEqual([{}, "/online/"]);
    expect(prefixed("/deploy/", "/deploy/")).toEqual([{}, "/"]);
    expect(prefixed("/deploy/", "/deploy//x")).toEqual([{}, "//x"]);
    expect(prefixed("/deploy", "/deploy//x")).toEqual([{}, "//x"]);
  });

  test("ends only where a segment ends", () => {
    expect(prefixed("/deploy", "/deployment/x")).toBeUndefined();
    expect(prefixed("/deploy", "/deploy")).toBeUndefined();
    expect(prefixed("/:id(\\d+)", "/17b/x")).toBeUndefined();
    expect(prefixed(/\/\d+/, "/17b/x")).toBeUndefined();
  });

  test("has parameters", () => {
    expect(prefixed("/:a/:b(\\d+)/", "/x%2Fy/2/z")).toEqual([{ a: "x/y", b: "2" }, "/z"]);
    expect(prefixed(/\/(?<a>[^/]+)/, "/x/y")).toEqual([{ a: "x" }, "/y"]);
    expect(prefixed(/\/(?<a>\w)\/|\/no/, "/x/y")).toEqual([{ a: "x" }, "/y"]);
  });
});

describe("a path that cannot be used", () => {
  test.each([
    ["", "position 0", 'a path begins with "/"'],
    ["chat/", "position 0", 'a path begins with "/"'],
    ["*", "position 0", 'a path begins with "/"'],
    ["/:id/:id/", "position 5", 'another parameter "id"'],
    ["/:/", "position 1", "needs a name"],
    ["/a:", "position 2", "needs a name"],
    ["/:1/", "position 1", "needs a name"],
    ["/::id/", "position 1", "needs a name"],
    ["/:(\\d+)/", "position 1", "needs a name"],
    ["/:naïve/", "position 1", "ASCII"],
    ["/:id(\\d+/", "position 4", "never closed"],
    ["/:id(a[)]", "position 4", "never closed"],
    ["/:id(a\\)", "position 4", "never closed"],
    ["/:id(\\d+))/", "position 9", "closes none"],
    ["/:id()/", "position 4", "is empty"],
    ["/:id((a)|b)/", "position 4", "capture group"],
    ["/:id((?<x>a))/", "position 4", "capture group"],
    ["/:id(?:a)/", "position 4", "not valid"],
    ["/:id(+)/", "position 4", "not valid"],
    ["/:a/:b(\\1)/", "position 6", "not valid"],
    ["/<int:id>/", "position 1", '"<" means nothing here; a parameter is written ":id"'],
    [
      "/chat/<room>/",
      "position 6",
      'a parameter is written ":room", with its form as ":room(\\d+)"',
    ],
    ["/{id}/", "position 1", 'a parameter is written ":id"'],
    ["/[id]/", "position 1", '"[" means nothing here; a parameter is written ":id"'],
    ["/files/[...path]", "position 7", 'the rest of a path is written ":path(.*)"'],
    ["/a]/", "position 2", '"]" means nothing here'],
    ["/files/*path", "position 7", 'the rest of a path is written ":path(.*)"'],
    ["/*", "position 1", 'the rest of a path is written ":rest(.*)"'],
    ["/:page?/", "position 6", "what may be absent takes a second route"],
    ["/chat/?room=1", "position 6", "a path ends before its query"],
    ["/:a:b/", "position 3", 'nothing separates "b" from "a"'],
  ])("%s is refused at its %s: %s", (pattern, position, reason) => {
    const make = () => new PathPattern(pattern);
    expect(make).toThrow(UsageError);
    expect(make).toThrow(expect.objectContaining({ code: "ERR_ROUTE_PATTERN" }));
    expect(make).toThrow(`route path ${JSON.stringify(pattern)}, ${position}: `);
    expect(make).toThrow(reason);
  });

  test.each([undefined, null, 5, {}])("is %s", (path) => {
    expect(() => new PathPattern(path as unknown as string)).toThrow(
      expect.objectContaining({ code: "ERR_ROUTE_PATTERN" }),
    );
  });
});

describe("paths that mean harm", () => {
  const hostile = [
    "",
    "x",
    "*",
    "//",
    "//evil.example/",
    "/\\..\\admin/",
    "/../admin/",
    "/admin\0/",
    "/admin\n/",
    "/admin%2F",
    "/%2Fadmin/",
    "/admin%252F/",
    "/ADMIN/",
    "/admin?x",
    "/admin#x",
    "/admin;x=1/",
    "/adm\u0131n/",
    "/admin\u200b/",
    "/\uff41dmin/",
    "/admin\u2028/",
    "/\ud800/",
    "/__proto__/",
  ];

  test.each(hostile)("%j is not /admin/", (path) => {
    expect(matched("/admin/", path)).toBeUndefined();
    expect(matched(/\/admin\//, path)).toBeUndefined();
    expect(prefixed("/admin/", path)).toBeUndefined();
  });

  test("a path of ten thousand segments is not /admin/", () => {
    expect(matched("/admin/", `/${"a/".repeat(10_000)}`)).toBeUndefined();
  });

  const patterns = ["/:a/", "/:a-:b/:c(.*)", "/a%/:x(\\d+)", /\/(?<a>.*?)(?<b>\/)?/u].map(
    (pattern) => new PathPattern(pattern),
  );

  test("and every other string: a pattern answers with strings or not at all", () => {
    const path = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("/", "-", "a", "1", "%", "%2F", "%25", "\ud800", "\n") }),
    );
    fc.assert(
      fc.property(path, fc.boolean(), (text, rooted) => {
        const tried = rooted ? `/${text}` : text;
        for (const pattern of patterns) {
          const whole = pattern.match(tried);
          if (whole !== undefined) expectStrings(whole);
          const prefix = pattern.matchPrefix(tried);
          if (prefix === undefined) continue;
          expectStrings(prefix.params);
          expect(prefix.rest.startsWith("/")).toBe(true);
          expect(tried.endsWith(prefix.rest)).toBe(true);
        }
      }),
    );
  });

  test("nor can a pattern be anything but a pattern or a UsageError", () => {
    const pattern = fc.string({
      unit: fc.constantFrom("/", ":", "a", "b", "(", ")", "[", "]", "\\", "?", "+", "%", "|", "1"),
    });
    fc.assert(
      fc.property(pattern, (text) => {
        try {
          new PathPattern(`/${text}`).match("/a");
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

function expectStrings(params: object): void {
  expect(params).toSatisfy(Object.isFrozen);
  for (const value of Object.values(params)) expect(value).toBeTypeOf("string");
}
