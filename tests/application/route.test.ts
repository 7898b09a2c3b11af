import { describe, expect, test } from "vitest";
import type { Application, RouteOptions } from "../../src/application/application.ts";
import type { Handler } from "../../src/application/handler.ts";
import { route } from "../../src/application/route.ts";
import { router } from "../../src/application/router.ts";
import type { Scope } from "../../src/application/scope.ts";
import { UsageError } from "../../src/errors.ts";
import { plainScope, refusableSocket } from "./plain-scope.ts";

const nothing: Application = () => ({});

describe("a route", () => {
  test("leads to its application", () => {
    const handler: Handler = { text() {} };
    const chat = router([route("/chat/", () => handler)]);
    expect(chat(plainScope("/chat/"), refusableSocket())).toBe(handler);
  });

  test("leads to a consumer class", () => {
    const handler: Handler = { text() {} };
    class Chat {
      declare readonly scope: Scope;
      static toApplication(): Application {
        return () => handler;
      }
    }
    const chat = router([route("/chat/", Chat)]);
    expect(chat(plainScope("/chat/"), refusableSocket())).toBe(handler);
  });

  test("asks a consumer class for its application once, and not for each connection", () => {
    let asked = 0;
    class Chat {
      declare readonly scope: Scope;
      static toApplication(): Application {
        asked++;
        return nothing;
      }
    }
    const chat = router([route("/chat/", Chat)]);
    void chat(plainScope("/chat/"), refusableSocket());
    void chat(plainScope("/chat/"), refusableSocket());
    expect(asked).toBe(1);
  });

  test("refuses what is no application, and says what it got", () => {
    class Chat {}
    const make = (target: unknown) => () => route("/chat/", target as Application);
    expect(make(Chat)).toThrow(UsageError);
    expect(make(Chat)).toThrow("the class Chat, which does not extend WebSocketConsumer");
    expect(make(undefined)).toThrow(expect.objectContaining({ code: "ERR_NOT_A_CONSUMER" }));
  });

  test("refuses a path that cannot be used", () => {
    expect(() => route("chat/", nothing)).toThrow(
      expect.objectContaining({ code: "ERR_ROUTE_PATTERN" }),
    );
  });

  test("takes every path with an application that takes every path", () => {
    const everything = Object.assign((() => ({})) as Application, {
      match: () => ({ params: {}, options: {} }),
    });
    const prefix = router([route("/any/", everything)]);
    expect(prefix.match("/any/thing")).toBeDefined();
    expect(prefix.match("/any/")).toBeDefined();
    expect(prefix.match("/other/")).toBeUndefined();
  });
});

describe("the options of a route", () => {
  const settled = (outer: RouteOptions, inner: RouteOptions): RouteOptions | undefined =>
    router([route("/a/", router([route("/b/", nothing, inner)]), outer)]).match("/a/b/")?.options;

  test("are settled by the match", () => {
    const options = { origins: ["https://a.example"], limits: { maxMessageSize: 1 } };
    expect(router([route("/a/", nothing, options)]).match("/a/")?.options).toEqual(options);
    expect(router([route("/a/", nothing)]).match("/a/")?.options).toEqual({});
  });

  test("hold for the routes inside", () => {
    expect(settled({ origins: ["https://a.example"], limits: { pingTimeout: 1 } }, {})).toEqual({
      origins: ["https://a.example"],
      limits: { pingTimeout: 1 },
    });
  });

  test("are overruled by a route inside, each limit by itself", () => {
    const outer: RouteOptions = {
      origins: ["https://a.example"],
      limits: { maxMessageSize: 1, pingTimeout: 2 },
    };
    const inner: RouteOptions = { origins: "insecure-any", limits: { maxMessageSize: 3 } };
    expect(settled(outer, inner)).toEqual({
      origins: "insecure-any",
      limits: { maxMessageSize: 3, pingTimeout: 2 },
    });
  });

  test("are not widened by an origins that is undefined", () => {
    const inner = { origins: undefined } as unknown as RouteOptions;
    expect(settled({ origins: ["https://a.example"] }, inner)).toEqual({
      origins: ["https://a.example"],
    });
  });
});
