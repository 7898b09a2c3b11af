import { UsageError } from "../errors.ts";
import { nameOfKind } from "../internal/name-of-kind.ts";
import type { Application, Match } from "./application.ts";
import type { Handler } from "./handler.ts";
import { mergeParams, Route, type RouteMatch } from "./route.ts";
import { type Scope, widen } from "./scope.ts";
import type { Socket } from "./socket.ts";

/** An application that is several others, each behind its path. */
export interface Router<S extends Scope = Scope> extends Application<S> {
  readonly match: (path: string) => Match | undefined;
}

/**
 * Makes one application of several routes: the first one that matches is taken. No match is a 404,
 * and a router without routes matches nothing.
 *
 * Routers nest, with or without middleware between them: `route("/admin/", router([…]))`. A route
 * whose router does not match the rest of a path does not match either, and the next one is tried.
 *
 * A server matches once, before any middleware runs, so `scope.params` holds the parameters of all
 * the routes on the way from the outermost middleware on. A router called by itself, in a test for
 * instance, matches `scope.path` and adds the parameters to those it finds.
 *
 * @throws UsageError `ERR_NOT_A_CONSUMER` for a list that holds something else than routes,
 * `ERR_ROUTE_PATTERN` for a route that takes the same paths as one before it, which always wins.
 */
export function router<const R extends readonly Route<never>[]>(routes: R): Router<Needs<R>> {
  const candidates = checkRoutes(routes);
  const own: ReadonlySet<unknown> = new Set(candidates);

  function match(path: string): RouteMatch | undefined {
    for (const candidate of candidates) {
      const found = candidate.match(path);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function isOwn(settled: Match | undefined): settled is RouteMatch {
    return settled !== undefined && own.has((settled as RouteMatch).route);
  }

  function application(scope: Scope, socket: Socket): Handler | Promise<Handler> {
    const { path, match: settled } = aheadOf(scope);
    if (isOwn(settled)) {
      const { route, rest, inner } = settled;
      // `never`: that the scope has what all the routes need is what our own type asks for.
      // Only a router further in has to know what is left of the path.
      const within = inner === undefined ? scope : lead(scope, { path: rest, match: inner });
      return route.application(within as never, socket);
    }
    const found = match(path);
    if (found === undefined) {
      socket.reject(404);
      return {};
    }
    return application(enter(scope, found), socket);
  }

  return Object.assign(application, { match });
}

/**
 * The scope to call an application with after its `match` took the path: it has the parameters, and
 * the routers on the way follow this match instead of matching again, whatever a middleware makes of
 * the path or the parameters.
 */
export function enter<S extends Scope>(scope: S, match: Match): S {
  const params = mergeParams(scope.params, match.params);
  const { path } = aheadOf(scope);
  return widen(scope, { params, [ahead]: { path, match } }) as unknown as S;
}

/** What a connection has before it, at some place between two routers. @internal */
export interface Ahead {
  /** The part of the path that no route has taken. */
  readonly path: string;
  /** What was settled about it, if anything was. */
  readonly match: Match | undefined;
}

/**
 * Where a scope keeps it. It goes with a scope that is widened, so middleware need not know of it; a
 * symbol keeps it from everybody else.
 * @internal
 */
export const ahead: unique symbol = Symbol("ahead");

function aheadOf(scope: Scope & { readonly [ahead]?: Ahead }): Ahead {
  return scope[ahead] ?? { path: scope.path, match: undefined };
}

function lead<S extends Scope>(scope: S, to: Ahead): S {
  return widen(scope, { [ahead]: to }) as unknown as S;
}

/** A list that was written by hand, without the compiler, holds anything. */
function checkRoutes<R extends Route<never>>(routes: readonly R[]): R[] {
  if (!Array.isArray(routes)) {
    throw new UsageError(
      "ERR_NOT_A_CONSUMER",
      `router takes a list, router([route(…), …]), not ${nameOfKind(routes)}`,
    );
  }
  for (const [index, entry] of routes.entries()) {
    if (entry instanceof Route) continue;
    const what = `entry ${index} is ${nameOfKind(entry)}`;
    throw new UsageError(
      "ERR_NOT_A_CONSUMER",
      `router takes a list of route(path, application): ${what}`,
    );
  }
  checkIdle(routes);
  return [...routes];
}

/**
 * A route behind one that takes all of its paths would never be taken. Routers may share a path: what
 * one does not match is left to the next.
 */
function checkIdle(routes: readonly Route<never>[]): void {
  const taken = new Map<string, number>();
  for (const [index, { certain, path }] of routes.entries()) {
    if (certain === undefined) continue;
    const first = taken.get(certain);
    if (first === undefined) {
      taken.set(certain, index);
      continue;
    }
    const other = routes[first]!.path;
    const also = String(other) === String(path) ? "" : `, ${shown(other)},`;
    throw new UsageError(
      "ERR_ROUTE_PATTERN",
      `router was given ${shown(path)} as entry ${index}, but entry ${first}${also} takes the same paths and would always win: take one of them out`,
    );
  }
}

function shown(path: string | RegExp): string {
  return typeof path === "string" ? JSON.stringify(path) : String(path);
}

/** What all the routes need together. */
type Needs<R extends readonly unknown[]> = {
  [K in keyof R]: R[K] extends Route<infer S> ? (scope: S) => void : never;
}[number] extends (scope: infer All) => void
  ? All & Scope
  : Scope;
