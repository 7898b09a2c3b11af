import { describe, expectTypeOf, test } from "vitest";
import type { Application, Middleware } from "../../src/application/application.ts";
import type { Params } from "../../src/application/path-pattern.ts";
import { type Route, route } from "../../src/application/route.ts";
import { router } from "../../src/application/router.ts";
import type { Scope } from "../../src/application/scope.ts";
import type { Servable } from "../../src/application/servable.ts";
import type { Socket } from "../../src/application/socket.ts";
import { stack } from "../../src/application/stack.ts";

interface Session {
  readonly id: string;
}
interface User {
  readonly name: string;
}
type NeedsTask = Scope & { readonly params: { readonly taskId: string } };
type NeedsUser = Scope & { readonly user: User };
type NeedsSession = Scope & { readonly session: Session };

declare const plain: Application;
declare const deploy: Application<NeedsTask>;
declare const profile: Application<NeedsUser>;
declare const basket: Application<NeedsSession>;
declare const paged: Application<Scope & { readonly params: { readonly page: number } }>;
declare const counting: Application<Scope & { readonly session: { readonly count: number } }>;
declare const greeting: Application<Scope & { readonly user?: User }>;
declare const logging: Middleware;
declare const sessions: Middleware<Scope, { readonly session: Session }>;
declare const users: Middleware<NeedsSession, { readonly user: User }>;

declare class Deploy {
  static toApplication(): Application<never>;
  readonly scope: NeedsTask;
}
declare class Profile {
  static toApplication(): Application<never>;
  readonly scope: NeedsUser;
}

/** What a server's option looks like. */
declare function serve<S extends Scope>(options: { readonly websocket: Servable<S> }): void;

/** What an application needs. */
type Needed<A> = A extends (scope: infer S, socket: Socket) => unknown ? S : never;

describe("the parameters of a path", () => {
  test("are read from its text", () => {
    expectTypeOf<Params<"/chat/">>().toEqualTypeOf<{}>();
    expectTypeOf<Params<"/">>().toEqualTypeOf<{}>();
    expectTypeOf<Params<"/deploy/:taskId/">>().toEqualTypeOf<{ readonly taskId: string }>();
    expectTypeOf<Params<"/:a/:b">>().toEqualTypeOf<{ readonly a: string; readonly b: string }>();
    expectTypeOf<Params<"/:a-:b/:c_1.:d/">>().toEqualTypeOf<{
      readonly a: string;
      readonly b: string;
      readonly c_1: string;
      readonly d: string;
    }>();
  });

  test("end before their regular expressions", () => {
    expectTypeOf<Params<"/deploy/online/:taskId(\\d+)/">>().toEqualTypeOf<{
      readonly taskId: string;
    }>();
    expectTypeOf<Params<"/:a((?:x|y)+)/:b">>().toEqualTypeOf<{
      readonly a: string;
      readonly b: string;
    }>();
    expectTypeOf<Params<"/:a(\\)[)\\]:no]\\(:no):b">>().toEqualTypeOf<{
      readonly a: string;
      readonly b: string;
    }>();
    expectTypeOf<Params<"/:year(\\d{4}):month(\\d\\d)">>().toEqualTypeOf<{
      readonly year: string;
      readonly month: string;
    }>();
  });

  test("are any, of a path that is not a literal", () => {
    expectTypeOf<Params<string>>().toEqualTypeOf<Readonly<Record<string, string>>>();
  });
});

describe("a route", () => {
  test("gives an application the parameters that it needs", () => {
    expectTypeOf(route("/deploy/:taskId/", deploy)).toExtend<Route>();
    expectTypeOf(route("/deploy/:taskId(\\d+)/:more/", deploy)).toExtend<Route>();
    expectTypeOf(route("/deploy/:taskId/", Deploy)).toExtend<Route>();
    expectTypeOf(route("/deploy/:taskId/", plain, { origins: "same-host" })).toExtend<Route>();
  });

  test("refuses an application that needs other ones", () => {
    // @ts-expect-error: the path has no taskId
    route("/deploy/:id/", deploy);
    // @ts-expect-error: the path has no taskId
    route("/deploy/:id/", Deploy);
    // @ts-expect-error: the path has no taskId
    route("/deploy/", deploy);
    // @ts-expect-error: parameters are strings
    route("/:page/", paged);
    // @ts-expect-error: there is no such option
    route("/", plain, { origin: "same-host" });
  });

  test("refuses what means a parameter elsewhere, whatever the application needs", () => {
    // @ts-expect-error: a parameter is written ":taskId"
    route("/deploy/{taskId}/", deploy);
    // @ts-expect-error: a parameter is written ":taskId"
    route("/deploy/[taskId]/", plain);
    // @ts-expect-error: a parameter is written ":taskId"
    route("/deploy/<int:taskId>/", plain);
    // @ts-expect-error: the rest is written ":rest(.*)"
    route("/:taskId/*", deploy);
  });

  test("leaves regular expressions what they have", () => {
    expectTypeOf(route("/:taskId([a-z]{2,}(?:x|y)*)/:rest(.*)", deploy)).toExtend<Route>();
    expectTypeOf(route("/:a([)]+)-:b(\\d?)/", plain)).toExtend<Route>();
    expectTypeOf(route("/deploy/{taskId}/" as string, plain)).toExtend<Route>();
  });

  test("trusts a regular expression, and a path that is not a literal", () => {
    expectTypeOf(route(/\/(?<taskId>\d+)/, deploy)).toExtend<Route>();
    expectTypeOf(route("/deploy/:taskId/" as string, Deploy)).toExtend<Route>();
    // @ts-expect-error: parameters are strings
    route(/\/(?<page>\d+)/, paged);
  });

  test("tells an application that is written in place what its parameters are", () => {
    route("/:room/:page(\\d+)/", (scope, socket) => {
      expectTypeOf(scope.params.room).toEqualTypeOf<string>();
      expectTypeOf(scope.params.page).toEqualTypeOf<string>();
      // @ts-expect-error: there is no such parameter
      void scope.params.other;
      expectTypeOf(socket).toEqualTypeOf<Socket>();
      return {};
    });
    route(/\/(?<x>.)/, (scope) => {
      expectTypeOf(scope.params["x"]).toEqualTypeOf<string | undefined>();
      return {};
    });
  });

  test("still needs what is no parameter", () => {
    expectTypeOf(route("/", Profile)).not.toExtend<Route>();
    expectTypeOf(route("/", Profile)).toExtend<Route<NeedsUser>>();
  });
});

describe("a router", () => {
  test("needs what its routes need together", () => {
    const both = router([route("/a/", profile), route("/b/", basket), route("/c/", plain)]);
    expectTypeOf<NeedsUser & NeedsSession>().toExtend<Needed<typeof both>>();
    expectTypeOf<NeedsUser>().not.toExtend<Needed<typeof both>>();
    expectTypeOf<NeedsSession>().not.toExtend<Needed<typeof both>>();
  });

  test("needs nothing when its routes need nothing", () => {
    serve({ websocket: router([]) });
    serve({ websocket: router([route("/a/", plain), route("/:taskId/", Deploy)]) });
    serve({ websocket: router([] as readonly Route[]) });
  });

  test("nests", () => {
    const inner = router([route("/:taskId/", deploy), route("/me/", profile)]);
    const outer = router([route("/x/:y/", inner)]);
    expectTypeOf<NeedsUser>().toExtend<Needed<typeof outer>>();
    // @ts-expect-error: this application needs scope.user
    serve({ websocket: outer });
  });

  test("takes routes only", () => {
    // @ts-expect-error: an application is not a route
    router([plain]);
    // @ts-expect-error: nor is something that looks like one
    router([{ application: plain, match: () => undefined }]);
  });
});

describe("a stack", () => {
  test("provides what its middleware adds", () => {
    serve({ websocket: stack(sessions, users, profile) });
    serve({ websocket: stack(sessions, users, Profile) });
    serve({ websocket: stack(logging, sessions, logging, users, logging, basket) });
    serve({
      websocket: stack(sessions, users, router([route("/a/", Profile), route("/b/", basket)])),
    });
    serve({ websocket: router([route("/a/", stack(sessions, users, profile))]) });
  });

  test("keeps the parameters that its application needs", () => {
    serve({ websocket: router([route("/:taskId/", stack(logging, sessions, Deploy))]) });
    // @ts-expect-error: the path has no taskId
    route("/:id/", stack(logging, sessions, Deploy));
  });

  test("needs what its outermost middleware needs", () => {
    expectTypeOf<Needed<ReturnType<typeof usersOnly>>>().toExtend<NeedsSession>();
    // @ts-expect-error: this application needs scope.session
    serve({ websocket: usersOnly() });
  });

  test("has an order", () => {
    // @ts-expect-error: this application needs scope.session
    serve({ websocket: stack(users, sessions, profile) });
  });

  test("does not take a session of another type for the one that is needed", () => {
    // @ts-expect-error: this application needs scope.session
    serve({ websocket: stack(sessions, counting) });
  });

  test("tells an application that is written in place what the middleware adds", () => {
    stack(sessions, users, (scope, socket) => {
      expectTypeOf(scope.session).toEqualTypeOf<Session>();
      expectTypeOf(scope.user).toEqualTypeOf<User>();
      expectTypeOf(socket).toEqualTypeOf<Socket>();
      return {};
    });
  });

  test("takes more middleware than anybody has", () => {
    serve({
      // biome-ignore format: one line is enough
      websocket: stack(logging, logging, logging, logging, logging, logging, logging, sessions, users, profile),
    });
  });

  test("takes middleware first and the application last", () => {
    // @ts-expect-error: an application is not middleware
    stack(profile, sessions);
    // @ts-expect-error: middleware is not an application
    stack(sessions, users);
  });
});

describe("an application that can be served", () => {
  test("needs what every scope has", () => {
    serve({ websocket: plain });
    serve({
      websocket: (scope, socket) => {
        expectTypeOf(scope).toEqualTypeOf<Scope>();
        expectTypeOf(socket).toEqualTypeOf<Socket>();
        return {};
      },
    });
    serve({ websocket: greeting });
  });

  test("needs nothing else", () => {
    // @ts-expect-error: this application needs scope.user
    serve({ websocket: profile });
    // @ts-expect-error: this application needs scope.user
    serve({ websocket: Profile });
    // @ts-expect-error: this application needs parameters
    serve({ websocket: deploy });
    // @ts-expect-error: a route is not an application
    serve({ websocket: route("/", plain) });
    // @ts-expect-error: a number is not an application
    serve({ websocket: 5 });
  });
});

function usersOnly() {
  return stack(users, profile);
}
