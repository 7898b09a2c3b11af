import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OriginPolicy } from "../../src/internal/origin-policy.ts";
import { checkOriginPolicy, isHost, judgeOrigin } from "../../src/protocol/origin.ts";
import { fastest } from "./fastest.ts";

const allows = (policy: OriginPolicy, origin?: string, host = "good.com", secure = true) =>
  judgeOrigin(policy, { origin, host, secure }) === undefined;

describe("a list of origins (RFC 6455 §10.2)", () => {
  const list = ["https://good.com", "http://localhost:3000", "https://[2001:DB8::1]:8443"];

  it("tells a thousand origins apart, however often and in which order they come", () => {
    for (let round = 0; round < 2; round += 1) {
      for (let i = 0; i < 1_000; i += 1) {
        expect(allows(list, `https://guest-${i}.com`)).toBe(false);
        if (i % 100 === 0) expect(allows(list, "https://good.com")).toBe(true);
      }
    }
    expect(allows(list, `https://${"a".repeat(300)}.com`)).toBe(false);
  });

  it("accepts an origin that is on it, in any case and with a default port spelled out", () => {
    for (const origin of [
      "https://good.com",
      "HTTPS://GOOD.COM",
      "https://good.com:443",
      "http://localhost:3000",
      "https://[2001:db8:0::1]:8443",
    ]) {
      expect(allows(list, origin)).toBe(true);
    }
  });

  it.each([
    "null",
    "",
    "http://good.com",
    "wss://good.com",
    "https://good.com:444",
    "http://localhost",
    "https://localhost:3000",
    "https://good.com.",
    "https://evilgood.com",
    "https://good.com.evil.com",
    "https://sub.good.com",
    "https://com",
    "https://127.0.0.1",
    "https://[::1]",
    "https://good.com/",
    "https://good.com/path",
    "https://good.com?x",
    "https://good.com#x",
    "https://good.com@evil.com",
    "https://evil.com@good.com",
    "https://user:pass@good.com",
    "https:good.com",
    "https:/good.com",
    "https:\\\\good.com",
    "https://good.com\\evil.com",
    "https://good%2ecom",
    "https://good\t.com",
    "https://good.com\u0001",
    "https://good\u00ad.com",
    " https://good.com",
    "https://good.com, https://good.com",
    "https://good.com,https://evil.com",
    "https://good.com https://evil.com",
    "good.com",
    "//good.com",
    "https://",
    "https://good.com:99999",
  ])("refuses %j", (origin) => {
    expect(allows(list, origin)).toBe(false);
  });

  it("compares international names by their punycode", () => {
    expect(allows(["https://bücher.example"], "https://xn--bcher-kva.example")).toBe(true);
    expect(allows(["https://xn--bcher-kva.example"], "https://bucher.example")).toBe(false);
    // The Cyrillic о looks like ours and is another letter.
    const lookalike = new URL("https://g\u043eod.com").origin;
    expect(lookalike).toContain("xn--");
    expect(allows(["https://good.com"], lookalike)).toBe(false);
  });

  it("compares them alike however often it is asked", () => {
    // URL.canParse of Node.js 20 changes its mind once it is optimized.
    const answers = new Set<boolean>();
    for (let i = 0; i < 10_000; i++) {
      answers.add(allows(["https://bücher.example"], "https://xn--bcher-kva.example"));
      answers.add(!allows("same-host", "http://good.com", "\xdc\x81", false));
    }
    expect([...answers]).toEqual([true]);
  });

  it("may name an app's own scheme", () => {
    const app = ["capacitor://localhost", "chrome-extension://abcdefgh"];
    expect(allows(app, "capacitor://localhost")).toBe(true);
    expect(allows(app, "chrome-extension://abcdefgh")).toBe(true);
    expect(allows(app, "ionic://localhost")).toBe(false);
  });

  it("accepts nobody's page when it is empty", () => {
    expect(allows([], "https://good.com")).toBe(false);
  });
});

describe("a wildcard for subdomains", () => {
  const list = ["https://*.good.com", "http://*.local.test:8080"];

  it("accepts every subdomain, with the same scheme and port", () => {
    expect(allows(list, "https://a.good.com")).toBe(true);
    expect(allows(list, "https://A.b.GOOD.com:443")).toBe(true);
    expect(allows(list, "http://x.local.test:8080")).toBe(true);
  });

  it.each([
    "https://good.com",
    "https://evilgood.com",
    "https://a.good.com.evil.com",
    "https://a.good.com.",
    "https://.good.com",
    "http://a.good.com",
    "https://a.good.com:8443",
    "http://x.local.test",
  ])("refuses %j", (origin) => {
    expect(allows(list, origin)).toBe(false);
  });
});

describe("same-host", () => {
  it("accepts pages of the host that was asked, with the same scheme and port", () => {
    expect(allows("same-host", "https://good.com")).toBe(true);
    expect(allows("same-host", "https://GOOD.com:443")).toBe(true);
    expect(allows("same-host", "https://good.com", "Good.Com:443")).toBe(true);
    expect(allows("same-host", "http://good.com", "good.com:80", false)).toBe(true);
    expect(allows("same-host", "http://127.0.0.1:8000", "127.0.0.1:8000", false)).toBe(true);
    expect(allows("same-host", "http://[::1]:8000", "[::1]:8000", false)).toBe(true);
  });

  it("accepts a client that names its socket's scheme instead of a page's", () => {
    expect(allows("same-host", "wss://good.com")).toBe(true);
    expect(allows("same-host", "ws://good.com", "good.com", false)).toBe(true);
    expect(allows("same-host", "ws://good.com")).toBe(false);
  });

  it.each([
    ["http://good.com", "good.com", true],
    ["https://good.com", "good.com", false],
    ["https://good.com:8443", "good.com", true],
    ["https://good.com", "good.com:8443", true],
    ["https://good.com", "good.com:80", true],
    ["https://good.com.", "good.com", true],
    ["https://evilgood.com", "good.com", true],
    ["https://a.good.com", "good.com", true],
    ["null", "good.com", true],
    ["https://good.com, https://good.com", "good.com", true],
    ["ftp://good.com", "good.com", true],
    ["https://127.0.0.1", "localhost", true],
    ["https://evil.com", "good.com@evil.com", true],
    ["https://good.com", "", true],
    ["https://good.com", "good.com/x", true],
    ["https://undefined", "%", true],
  ])("refuses a page of %s on host %s (secure: %s)", (origin, host, secure) => {
    expect(allows("same-host", origin, host, secure)).toBe(false);
  });
});

describe("a client without an Origin header (RFC 6455 §4.2.1 item 7)", () => {
  it("is no browser and accepted, unless the policy requires one", () => {
    expect(allows("same-host")).toBe(true);
    expect(allows({ allow: [] })).toBe(true);
    expect(allows({ allow: "same-host", requireOrigin: true })).toBe(false);
    expect(allows({ allow: "insecure-any", requireOrigin: true })).toBe(false);
  });
});

describe("insecure-any", () => {
  it("accepts every page, also those whose origin is null", () => {
    expect(allows("insecure-any", "https://evil.com")).toBe(true);
    expect(allows({ allow: "insecure-any", requireOrigin: true }, "null")).toBe(true);
  });
});

describe("a refusal (RFC 6455 §4.2.2 item 4: 403)", () => {
  const refusal = (policy: OriginPolicy, origin: string, secure = true) =>
    judgeOrigin(policy, { origin, host: "good.com", secure });

  it("is a 403 whose message names the origin and the policy", () => {
    expect(refusal(["https://good.com"], "https://evil.com")).toMatchObject({
      status: 403,
      code: "ERR_HANDSHAKE_ORIGIN",
      message: 'origin "https://evil.com" may not open this socket: "https://good.com" may',
    });
    expect(refusal("same-host", "null")?.message).toContain("same-host");
  });

  it("escapes the origin", () => {
    expect(refusal("same-host", 'x"\r\n\u001b[2J')?.message).toContain('"x\\"\\r\\n\\u001b[2J"');
  });

  it("points to trustProxy when a proxy that ends TLS explains it", () => {
    expect(refusal("same-host", "https://good.com", false)?.message).toContain("trustProxy");
    expect(refusal("same-host", "https://evil.com", false)?.message).not.toContain("trustProxy");
    expect(refusal("same-host", "http://good.com", true)?.message).not.toContain("trustProxy");
  });

  it("is all that hostile input can cause: nothing throws", () => {
    const policy = fc.constantFrom<OriginPolicy[]>(
      "same-host",
      "insecure-any",
      ["https://good.com", "https://*.good.com"],
      { allow: "same-host", requireOrigin: true },
    );
    const piece = fc.constantFrom(
      "https",
      "://",
      "good.com",
      ".",
      ":",
      "443",
      "[",
      "]",
      "@",
      "%",
      "é",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece).map((p) => p.join("")),
    );
    fc.assert(
      fc.property(policy, text, text, fc.boolean(), (rule, origin, host, secure) => {
        judgeOrigin(rule, { origin, host, secure });
        isHost(host);
      }),
      { numRuns: 1000 },
    );
    for (const unit of ["a", ".", "a.", "[", ":", "-", "xn--"]) {
      // Another one each time: what was judged before is remembered.
      let times = 16_384;
      const judge = () => {
        const host = unit.repeat((times += 1));
        judgeOrigin("same-host", { origin: `https://${host}`, host, secure: true });
      };
      expect(fastest(judge)).toBeLessThan(100);
    }
  });
});

describe("a policy that cannot work", () => {
  it("is an error where it is written", () => {
    for (const entry of [
      "good.com",
      "https://good.com/",
      "https://good.com/chat",
      "https://user@good.com",
      "https://",
      "*",
      "https://*",
      "https://*.",
      "https://good*.com",
      "https://*.*.com",
      "null",
      "",
      "https://a.com, https://b.com",
    ]) {
      expect(() => checkOriginPolicy([entry], "origins")).toThrow(
        expect.objectContaining({
          code: "ERR_INVALID_OPTION",
          message: expect.stringContaining(`origins contains ${JSON.stringify(entry)}`),
        }),
      );
    }
    for (const policy of ["any", undefined, null, 1, {}, { allow: "x" }, [1], [null]] as never[]) {
      expect(() => checkOriginPolicy(policy, "origins")).toThrow(
        expect.objectContaining({ code: "ERR_INVALID_OPTION" }),
      );
    }
    const misspelled = { allow: "same-host", requireorigin: true } as OriginPolicy;
    expect(() => checkOriginPolicy(misspelled, "origins")).toThrow(/"requireorigin"/);
    const untyped = { allow: "same-host", requireOrigin: "yes" } as unknown as OriginPolicy;
    expect(() => checkOriginPolicy(untyped, "origins")).toThrow(/requireOrigin must be/);
  });

  it("is told from one that can", () => {
    for (const policy of [
      "same-host",
      "insecure-any",
      [],
      ["https://good.com", "http://localhost:3000", "https://*.good.com", "app://x"],
      ["https://bücher.example", "https://*.bücher.example", "https://[::1]"],
      { allow: ["https://good.com"], requireOrigin: true },
    ] satisfies OriginPolicy[]) {
      expect(() => checkOriginPolicy(policy, "origins")).not.toThrow();
    }
  });
});

describe("a host (RFC 9110 §7.2)", () => {
  it("is a name or an address, with at most a port", () => {
    for (const host of [
      "a",
      "a.b:80",
      "a_b.c",
      "127.0.0.1:8000",
      "[::1]",
      "[::1]:80",
      "a.",
      "a:",
    ]) {
      expect(isHost(host)).toBe(true);
    }
    for (const host of [
      "",
      ":80",
      "a b",
      "a,b",
      "a/b",
      "a\\b",
      "a@b",
      "a?b",
      "a#b",
      "a%2eb",
      "a:b",
      "a:99999",
      "a:1:2",
      "::1",
      "[::1",
      "[x]",
      "1.2.3.999",
      "é",
      "a\u0000",
      "a\u0085",
    ]) {
      expect(isHost(host)).toBe(false);
    }
  });
});
