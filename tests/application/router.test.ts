import { describe, expect, test } from "vitest";
import type { Application, Match, Middleware } from "../../src/application/application.ts";
import { type Route, route } from "../../src/application/route.ts";
import { enter, router } from "../../src/application/router.ts";
import { type Scope, widen } from "../../src/application/scope.ts";
import { stack } from "../../src/application/stack.ts";
import { plainScope, refusableSocket } from "./plain-scope.ts";

/** What connections saw, in order: each application and middleware here writes a line. */
class Journal {
  readonly lines: string[] = [];

  application(name: string): Application {
    return (scope) => {
      this.#note(name, scope);
      return {};
    };
  }

  middleware(name: string): Middleware {
    return (inner) => (scope, socket) => {
      this.#note(name, scope);
      return inner(scope, socket);
    };
  }

  #note(name: string, scope: Scope): void {
    this.lines.push(`${name} ${scope.path} ${JSON.stringify(scope.params)}`);
  }
}

/** Connects as a server does: match first, then call the application with what was settled. */
function connect(application: Application, path: string): number | undefined {
  const match = application.match?.(path);
  if (match === undefined) return 404;
  const socket = refusableSocket();
  void application(enter(plainScope(path), match), socket);
  return socket.status;
}

/** Calls an application without matching first, as a test of one may. */
function call(application: Application, path: string): number | undefined {
  const socket = refusableSocket();
  void application(plainScope(path), socket);
  return socket.status;
}

const params = (match: Match | undefined): object | undefined => match && { ...match.params };

describe.each([
  ["matched by a server", connect],
  ["called by itself", call],
])("a router that is %s", (_, open) => {
  test("leads to the first route that matches", () => {
    const journal = new Journal();
    const application = router([
      route("/other/", journal.application("other")),
      route("/:name/", journal.application("first")),
      route("/chat/", journal.application("second")),
    ]);
    expect(open(application, "/chat/")).toBeUndefined();
    expect(journal.lines).toEqual(['first /chat/ {"name":"chat"}']);
  });

  test("has nothing for a path that no route matches", () => {
    const journal = new Journal();
    expect(open(router([route("/chat/", journal.application("chat"))]), "/chat")).toBe(404);
    expect(open(router([]), "/")).toBe(404);
    expect(journal.lines).toEqual([]);
  });

  test("gives parameters that are frozen, without a prototype and decoded", () => {
    let seen: object = {};
    const application = router([
      route("/:__proto__/:file/", (scope) => {
        seen = scope.params;
        return {};
      }),
    ]);
    open(application, "/x/a%2Fb/");
    expect(Object.entries(seen)).toEqual([
      ["__proto__", "x"],
      ["file", "a/b"],
    ]);
    expect("toString" in seen).toBe(false);
    expect(seen).toSatisfy(Object.isFrozen);
  });

  test("nests: the path stays whole, the parameters come together", () => {
    const journal = new Journal();
    const application = router([
      route(
        "/org/:org/",
        router([
          route(
            "/team/:team",
            router([
              route("/", journal.application("team")),
              route("/chat/:room(\\d+)/", journal.application("room")),
            ]),
          ),
        ]),
      ),
    ]);
    open(application, "/org/a%2Fb/team/x/chat/7/");
    open(application, "/org/1/team/2/");
    expect(open(application, "/org/1/team/2")).toBe(404);
    expect(open(application, "/org/1/team/2/chat/x/")).toBe(404);
    expect(journal.lines).toEqual([
      'room /org/a%2Fb/team/x/chat/7/ {"org":"a/b","team":"x","room":"7"}',
      'team /org/1/team/2/ {"org":"1","team":"2"}',
    ]);
  });

  test("nests behind a regular expression", () => {
    const journal = new Journal();
    const application = router([
      route(/\/v(?<version>\d+)/i, router([route(/\/(?<x>.+)/, journal.application("x"))])),
    ]);
    open(application, "/V2/a/b");
    expect(open(application, "/v2b/a")).toBe(404);
    expect(journal.lines).toEqual(['x /V2/a/b {"version":"2","x":"a/b"}']);
  });

  test("takes the inner parameter where two have one name", () => {
    const journal = new Journal();
    open(router([route("/:id/", router([route("/:id/", journal.application("x"))]))]), "/a/b/");
    expect(journal.lines).toEqual(['x /a/b/ {"id":"b"}']);
  });

  test("tries the next route when the router of a prefix has nothing", () => {
    const journal = new Journal();
    const application = router([
      route("/a/", router([route("/x/", journal.application("inner"))])),
      route("/a/:rest/", journal.application("outer")),
    ]);
    open(application, "/a/x/");
    open(application, "/a/y/");
    expect(journal.lines).toEqual(["inner /a/x/ {}", 'outer /a/y/ {"rest":"y"}']);
  });

  test("runs the middleware between routers, and routes on behind it (django/channels#1428)", () => {
    const journal = new Journal();
    const inner = router([
      route("/x/", journal.application("wrong")),
      route("/b/:id/", stack(journal.middleware("third"), journal.application("right"))),
    ]);
    const application = stack(
      journal.middleware("first"),
      router([route("/a/", stack(journal.middleware("second"), inner))]),
    );
    open(application, "/a/b/1/");
    expect(journal.lines.map((line) => line.split(" ")[0])).toEqual([
      "first",
      "second",
      "third",
      "right",
    ]);
    expect(journal.lines.at(-1)).toBe('right /a/b/1/ {"id":"1"}');
  });

  test("routes on behind middleware that makes a new scope", () => {
    const users: Middleware<Scope, { readonly user: string }> = (inner) => (scope, socket) =>
      inner(widen(scope, { user: "ada" }) as never, socket);
    let seen = "";
    const application = router([
      route(
        "/a/",
        stack(
          users,
          router([
            route("/b/", (scope: Scope & { readonly user: string }) => {
              seen = scope.user;
              return {};
            }),
          ]),
        ),
      ),
    ]);
    open(application, "/a/b/");
    expect(seen).toBe("ada");
  });

  test("may hold one route, or one router, several times", () => {
    const journal = new Journal();
    const inner = router([route("/x/", journal.application("x"))]);
    const twice = route("/a/", inner);
    const application = router([twice, twice, route("/b/", inner)]);
    open(application, "/a/x/");
    open(application, "/b/x/");
    expect(journal.lines).toEqual(["x /a/x/ {}", "x /b/x/ {}"]);
  });
});

describe("a match", () => {
  test("has the parameters of all routes", () => {
    const nothing: Application = () => ({});
    const application = router([route("/:a/", router([route("/:b/", nothing)]))]);
    expect(params(application.match("/1/2/"))).toEqual({ a: "1", b: "2" });
    expect(params(application.match("/1/"))).toBeUndefined();
  });

  test("shows all parameters to the outermost middleware", () => {
    const journal = new Journal();
    const inner = router([route("/:b/", journal.application("x"))]);
    connect(stack(journal.middleware("outermost"), router([route("/:a/", inner)])), "/1/2/");
    expect(journal.lines[0]).toBe('outermost /1/2/ {"a":"1","b":"2"}');
  });

  test("is settled once: a router matches no second time, and no middleware changes its mind", () => {
    const journal = new Journal();
    const elsewhere: Middleware = (inner) => (scope, socket) =>
      inner(
        widen(scope, { path: "/admin/", params: Object.freeze({ id: "changed" }) }) as never,
        socket,
      );
    let asked = 0;
    const counted = Object.assign(journal.application("counted"), {
      match() {
        asked++;
        return { params: {}, options: {} };
      },
    });
    const application = stack(
      elsewhere,
      router([route("/admin/", journal.application("admin")), route("/:id/", counted)]),
    );
    connect(application, "/1/2/");
    expect(asked).toBe(1);
    expect(journal.lines).toEqual(['counted /admin/ {"id":"changed"}']);
  });

  test("that somebody else copied is made again, in the right place", () => {
    const journal = new Journal();
    const inner = router([route("/b/", journal.application("b"))]);
    const copying: Application = Object.assign<Application, Pick<Application, "match">>(
      (scope, socket) => inner(scope, socket),
      {
        match(path) {
          const match = inner.match(path);
          return match && { ...match };
        },
      },
    );
    connect(router([route("/a/", copying)]), "/a/b/");
    expect(journal.lines).toEqual(["b /a/b/ {}"]);
  });

  test("leaves the scope that it entered as it was", () => {
    const scope = plainScope("/a/");
    const match = router([route("/:id/", () => ({}))]).match("/a/");
    const entered = enter(scope, match as Match);
    expect(scope.params).toEqual({});
    expect({ ...entered.params }).toEqual({ id: "a" });
    expect(entered).toSatisfy(Object.isFrozen);
    expect(Object.keys(entered)).toEqual(Object.keys(scope));
  });
});

test("a router is not changed by changes of the array it was made from", () => {
  const routes: Route[] = [];
  const application = router(routes);
  routes.push(route("/a/", () => ({})));
  expect(application.match("/a/")).toBeUndefined();
});

describe("a second route with the same path", () => {
  const plain: Application = () => ({});
  const inner = router([route("/:id/", plain)]);

  test.each([
    ["the same text", "/chat/", "/chat/"],
    ["parameters of other names", "/:id/:page(\\d+)/", "/:name/:number(\\d+)/"],
    ["the same regular expression", /\/chat\/\d+/, /\/chat\/\d+/],
  ])("is refused: %s", (_what, first, second) => {
    const routes = [route(first, plain), route("/other/", plain), route(second, plain)];
    expect(() => router(routes)).toThrow("as entry 2, but entry 0");
  });

  test("is refused in the router that it is in, wherever that is mounted", () => {
    const twice = () => router([route("/a/", plain), route("/a/", plain)]);
    expect(() => router([route("/admin/", twice())])).toThrow('router was given "/a/"');
  });

  test.each([
    ["another form of the parameter", [route("/:id(\\d+)/", plain), route("/:name/", plain)]],
    ["another flag", [route(/\/chat/, plain), route(/\/chat/i, plain)]],
    ["two routers, of which each may have it", [route("/x/", inner), route("/x/", inner)]],
    ["a router and what is at its root", [route("/", router([])), route("/", plain)]],
    ["the same in another router", [route("/:id/", plain), route("/x/", inner)]],
  ])("is another route with %s", (_what, routes) => {
    expect(() => router(routes)).not.toThrow();
    expect(() => router(routes.toReversed())).not.toThrow();
  });
});
