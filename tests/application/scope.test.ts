import { memoryLayer, type Scope, widen } from "sluice";
import { describe, expect, test } from "vitest";
import { communicator } from "../../src/testing/communicator.ts";
import { plainScope } from "./plain-scope.ts";

describe("a widened scope", () => {
  test("has everything of the given one and what is added, and both are frozen", () => {
    const scope = plainScope("/chat/");
    const widened = widen(scope, { user: "ann" });
    expect([widened.path, widened.client, widened.user]).toEqual(["/chat/", scope.client, "ann"]);
    expect(Object.isFrozen(widened)).toBe(true);
    expect("user" in scope).toBe(false);
    expect(() => Object.assign(widened, { user: "bo" })).toThrow(TypeError);
  });

  test("has what is added instead, where there was something", () => {
    const scope = widen(plainScope("/"), { user: "ann", room: "lobby" });
    const other = widen(scope, { user: 7 });
    expect([other.user, other.room, scope.user]).toEqual([7, "lobby", "ann"]);
  });

  test("keeps an addition as it is at that moment", () => {
    let count = 0;
    const additions = {
      get visits() {
        return ++count;
      },
    };
    const scope = widen(plainScope("/"), additions);
    expect([scope.visits, scope.visits, count]).toEqual([1, 1, 1]);
  });

  test("takes names like __proto__ for names", () => {
    const additions = JSON.parse('{"__proto__": {"user": "root"}}') as object;
    const scope: Scope & { readonly user?: string } = widen(plainScope("/"), additions);
    expect(scope.user).toBeUndefined();
    expect(scope.path).toBe("/");
  });
});

describe("the scope of a connection", () => {
  async function scopeOf(options: Parameters<typeof communicator>[1]): Promise<Scope> {
    let seen: Scope | undefined;
    const client = communicator((scope) => {
      seen = widen(scope, { added: true });
      return {};
    }, options);
    await client.connect();
    return seen!;
  }

  test("says what was asked for, by whom and with what, also when it was widened", async () => {
    const layer = memoryLayer();
    const scope = await scopeOf({
      path: "/chat/caf%C3%A9/?room=1&room=2&q=%20",
      headers: { Cookie: "a=b", "X-Thing": "one", "x-thing": "two" },
      subprotocols: ["v2", "v1"],
      layer,
    });
    expect(scope.path).toBe("/chat/café/");
    expect([...scope.query]).toEqual([
      ["room", "1"],
      ["room", "2"],
      ["q", " "],
    ]);
    expect({ ...scope.headers }).toEqual({ cookie: "a=b", "x-thing": "one, two" });
    expect(scope.subprotocols).toEqual(["v2", "v1"]);
    expect([scope.httpVersion, scope.secure]).toEqual(["1.1", false]);
    expect(scope.client).toEqual({ address: "127.0.0.1", port: 0 });
    expect(scope.layer).toBe(layer);
    expect({ ...scope.params }).toEqual({});
  });

  test("is made once and can be changed by nobody", async () => {
    const scope = await scopeOf({ path: "/?a=1", headers: { host: "example.com" } });
    expect(scope.query).toBe(scope.query);
    expect(scope.headers).toBe(scope.headers);
    expect(() => Object.assign(scope.headers, { host: "evil.example" })).toThrow(TypeError);
    expect(() => Object.assign(scope, { path: "/admin/" })).toThrow(TypeError);
  });

  test("has headers without a prototype: only what was sent is there", async () => {
    const { headers } = await scopeOf({ headers: { host: "example.com" } });
    for (const name of ["constructor", "__proto__", "toString"]) {
      expect(headers[name]).toBeUndefined();
    }
  });
});
