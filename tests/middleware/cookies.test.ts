import { subscribe, unsubscribe } from "node:diagnostics_channel";
import fc from "fast-check";
import { type CookieScope, cookies, type Scope, stack, widen } from "sluice";
import { communicator } from "sluice/testing";
import { describe, expect, it } from "vitest";

/** The scope that an application behind `cookies()` gets from a client with this header. */
async function scopeOf(header: string | undefined): Promise<Scope & CookieScope> {
  let seen: (Scope & CookieScope) | undefined;
  const application = stack(cookies(), (scope) => {
    seen = scope;
    return {};
  });
  const headers = header === undefined ? {} : { cookie: header };
  const client = communicator(application, { headers });
  expect(await client.connect()).toMatchObject({ accepted: true });
  await client.disconnect();
  return seen!;
}

const cookiesOf = async (header: string | undefined) => ({ ...(await scopeOf(header)).cookies });

describe("the cookies of a client", () => {
  it.each<[string, string | undefined, Record<string, string>]>([
    ["no header", undefined, {}],
    ["an empty one", "", {}],
    ["one cookie", "a=1", { a: "1" }],
    ["several", "a=1; b=2;c=3 ;\td=4", { a: "1", b: "2", c: "3", d: "4" }],
    ["quotes, which belong to the value", 'a="1"', { a: '"1"' }],
    ["quotes that do not end", 'a="1; b=2', { a: '"1', b: "2" }],
    ["an empty value", "a=; b=2", { a: "", b: "2" }],
    ["an empty name", "=1; b=2", { "": "1", b: "2" }],
    ["no equals sign", "a; b=2; c", { b: "2" }],
    ["nothing but separators", ";;; ; ;", {}],
    ["an equals sign in the value", "a=b=c", { a: "b=c" }],
    ["percent-encoding", "a=%C3%A4%3B", { a: "ä;" }],
    ["wrong percent-encoding, as it is", "a=%zz; b=%C3; c=%", { a: "%zz", b: "%C3", c: "%" }],
    ["one name twice: the first", "a=1; b=2; a=3", { a: "1", b: "2" }],
    ["one name twice, the first one empty", "a=; a=3", { a: "" }],
  ])("are read from %s", async (_what, header, expected) => {
    expect(await cookiesOf(header)).toEqual(expected);
  });

  it("have names that mean nothing to JavaScript", async () => {
    const { cookies } = await scopeOf("__proto__=x; constructor=y; toString=z");
    expect(Object.keys(cookies)).toEqual(["__proto__", "constructor", "toString"]);
    expect(Object.getPrototypeOf(Object.getPrototypeOf(cookies))).toBeNull();
    const { cookies: others } = await scopeOf("a=1");
    expect(others.constructor).toBeUndefined();
    expect(others.__proto__).toBeUndefined();
  });

  it("may be many and long", async () => {
    const pairs = Array.from({ length: 200 }, (_, index) => `name${index}=${"x".repeat(40)}`);
    expect(Object.keys(await cookiesOf(pairs.join("; ")))).toHaveLength(200);
    expect((await cookiesOf(`a=${"y".repeat(12_000)}`)).a).toHaveLength(12_000);
  });

  it("never make anything throw", async () => {
    const octets = fc.string({
      unit: fc.constantFrom(...'ab=;, \t"\\%0fF_p\u00e4\u00ff'.split("")),
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(octets, async (header) => {
        const { cookies, duplicateCookies } = await scopeOf(header);
        const keys = Object.keys(cookies);
        expect(duplicateCookies.every((name) => keys.includes(name))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("cannot be changed", async () => {
    const scope = await scopeOf("a=1");
    expect(() => Object.assign(scope.cookies, { a: "2" })).toThrow(TypeError);
    expect(() => Object.assign(scope, { cookies: {} })).toThrow(TypeError);
  });
});

describe("a name that comes twice", () => {
  it("is told to the application and to subscribers, once", async () => {
    const told: unknown[] = [];
    const listen = (message: unknown) => told.push((message as { names: unknown }).names);
    subscribe("sluice:cookie.duplicate", listen);
    const scope = await scopeOf("a=1; b=2; a=3; b=4; a=5; c=6; x");
    expect(told).toEqual([]);
    expect(scope.duplicateCookies).toEqual(["a", "b"]);
    expect(scope.cookies.a).toBe("1");
    unsubscribe("sluice:cookie.duplicate", listen);
    expect(told).toEqual([["a", "b"]]);
  });
});

describe("the scope", () => {
  it("is parsed when it is asked for, also after it was widened", async () => {
    let reads = 0;
    const headers = {
      get cookie() {
        reads++;
        return "a=1";
      },
    };
    let seen: (Scope & CookieScope) | undefined;
    const client = communicator(
      stack(cookies(), (scope) => {
        seen = widen(scope, { other: true });
        return {};
      }),
      { scope: { headers } },
    );
    const copied = reads;
    await client.connect();
    expect(reads).toBe(copied);
    expect(seen?.cookies.a).toBe("1");
    expect(seen?.cookies).toBe(seen?.cookies);
    expect(reads).toBe(copied + 1);
    expect(seen?.path).toBe("/");
  });
});
