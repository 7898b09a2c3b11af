import { describe, expect, test } from "vitest";
import type { Application, Middleware } from "../../src/application/application.ts";
import type { Handler } from "../../src/application/handler.ts";
import { route } from "../../src/application/route.ts";
import { router } from "../../src/application/router.ts";
import { type Scope, widen } from "../../src/application/scope.ts";
import { stack } from "../../src/application/stack.ts";
import { UsageError } from "../../src/errors.ts";
import { plainScope, refusableSocket } from "./plain-scope.ts";

const nothing: Application = () => ({});

/** Middleware that writes down when it is called. */
function noting(lines: string[], name: string): Middleware {
  return (inner) => {
    lines.push(`make ${name}`);
    return (scope, socket) => {
      lines.push(`call ${name}`);
      return inner(scope, socket);
    };
  };
}

describe("a stack", () => {
  test("of nothing but an application is that application", () => {
    expect(stack(nothing)).toBe(nothing);
  });

  test("is made once, from the inside out, and called from the outside in", () => {
    const lines: string[] = [];
    const application = stack(noting(lines, "a"), noting(lines, "b"), nothing);
    expect(lines.splice(0)).toEqual(["make b", "make a"]);
    void application(plainScope("/"), refusableSocket());
    void application(plainScope("/"), refusableSocket());
    expect(lines).toEqual(["call a", "call b", "call a", "call b"]);
  });

  test("gives back what the application gives", () => {
    const handler: Handler = {};
    const application = stack(noting([], "a"), () => Promise.resolve(handler));
    return expect(application(plainScope("/"), refusableSocket())).resolves.toBe(handler);
  });

  test("hands what a middleware adds to those inside", () => {
    const sessions: Middleware<Scope, { readonly session: string }> = (inner) => (scope, socket) =>
      inner(widen(scope, { session: "s1" }) as never, socket);
    const users: Middleware<Scope & { readonly session: string }, { readonly user: string }> =
      (inner) => (scope, socket) =>
        inner(widen(scope, { user: `user of ${scope.session}` }) as never, socket);
    let seen = "";
    const application = stack(sessions, users, (scope) => {
      seen = scope.user;
      return {};
    });
    void application(plainScope("/"), refusableSocket());
    expect(seen).toBe("user of s1");
  });

  test("ends in an application or a consumer class", () => {
    class Chat {
      declare readonly scope: Scope;
      static toApplication(): Application {
        return nothing;
      }
    }
    expect(stack(Chat)).toBe(nothing);
    expect(() => stack({} as Application)).toThrow(UsageError);
    expect(() => (stack as () => unknown)()).toThrow(
      expect.objectContaining({ code: "ERR_NOT_A_CONSUMER" }),
    );
  });

  test("refuses a middleware that makes no application", () => {
    const forgetful = (() => {}) as unknown as Middleware;
    expect(() => stack(forgetful, nothing)).toThrow(
      expect.objectContaining({ code: "ERR_NOT_A_CONSUMER" }),
    );
  });
});

describe("the match of a stack", () => {
  const chat = router([route("/chat/", nothing)]);

  test("is that of its application", () => {
    const wrapped = stack(noting([], "a"), noting([], "b"), chat);
    expect(wrapped.match?.("/chat/")).toBeDefined();
    expect(wrapped.match?.("/")).toBeUndefined();
    expect(stack(noting([], "a"), nothing).match).toBeUndefined();
  });

  test("may be that of a middleware", () => {
    const closed: Middleware = (inner) =>
      Object.assign(((scope, socket) => inner(scope, socket)) as typeof inner, {
        match: () => undefined,
      });
    expect(stack(noting([], "a"), closed, chat).match?.("/chat/")).toBeUndefined();
  });

  test("does not stick to a function that a middleware gives back every time", () => {
    const maintenance: Middleware = () => nothing;
    expect(stack(maintenance, chat).match?.("/chat/")).toBeDefined();
    expect(nothing.match).toBeUndefined();
  });
});
