import { bareRecord, emptyRecord } from "../internal/bare-record.ts";
import { completeLimits, defaultLimits } from "../internal/limits.ts";
import { checkOptionNames } from "../internal/option-names.ts";
import type { Application, Match, RouteOptions } from "./application.ts";
import { type ApplicationLike, toApplication } from "./consumer.ts";
import { type ForeignPath, type Params, type PathParams, PathPattern } from "./path-pattern.ts";
import type { Scope } from "./scope.ts";

/** A match that knows how it came about, so that a router can follow it without matching again. */
export interface RouteMatch extends Match {
  readonly route: Route<never>;
  /** The path that is left for a matcher behind this route. */
  readonly rest: string;
  /** What that matcher said of it. */
  readonly inner: Match | undefined;
}

/** A path and the application behind it, made by {@link route} and given to `router`. */
export class Route<S extends Scope = Scope> {
  /** As it was written. */
  readonly path: string | RegExp;
  readonly application: Application<S>;
  readonly #pattern: PathPattern;
  readonly #options: RouteOptions;
  /** The latest match without parameters: all connections that ask for the same path share it. */
  #latest: RouteMatch | undefined;

  constructor(path: string | RegExp, application: Application<S>, options: RouteOptions) {
    this.path = path;
    this.application = application;
    this.#pattern = new PathPattern(path);
    this.#options = options;
  }

  /**
   * Which paths it takes for certain, written down, so that a second route with the same ones can be
   * told to be idle. Undefined if the application has a `match`, which may leave some to others.
   */
  get certain(): string | undefined {
    return this.application.match === undefined ? this.#pattern.written : undefined;
  }

  /**
   * Matches the whole path; or, when the application has a `match` of its own, the beginning of the
   * path by this route and the rest by that.
   */
  match(path: string): RouteMatch | undefined {
    const { match } = this.application;
    if (match === undefined) return this.#matchWhole(path);
    const prefix = this.#pattern.matchPrefix(path);
    if (prefix === undefined) return undefined;
    const inner = match(prefix.rest);
    if (inner === undefined) return undefined;
    return {
      params: mergeParams(prefix.params, inner.params),
      options: mergeOptions(this.#options, inner.options),
      route: this,
      rest: prefix.rest,
      inner,
    };
  }

  #matchWhole(path: string): RouteMatch | undefined {
    if (this.#latest?.rest === path) return this.#latest;
    const params = this.#pattern.match(path);
    if (params === undefined) return undefined;
    const found = { params, options: this.#options, route: this, rest: path, inner: undefined };
    if (params === emptyRecord) this.#latest = found;
    return found;
  }
}

/**
 * Puts an application, or a consumer class, behind a path. {@link PathPattern} says what can be
 * written in one.
 *
 * The path is matched as a whole, unless the application is a router, alone or wrapped in
 * middleware: then it is a prefix, the router is given the rest, and `scope.path` stays whole.
 *
 * The parameters arrive decoded in `scope.params`. An application that needs one which the path does
 * not have is refused by the compiler; a `RegExp`, or a path that is not a literal, is taken at its
 * word. An application written in place is told its parameters: `route("/:id/", (scope) => …)` knows
 * that `scope.params.id` is a string.
 *
 * @throws UsageError `ERR_ROUTE_PATTERN` for a path that cannot be used, `ERR_NOT_A_CONSUMER` for an
 * application that is none, `ERR_INVALID_OPTION` for an option or a limit.
 */
export function route<
  const T extends string | RegExp,
  S extends Scope = Scope & { readonly params: ParamsOf<T> },
>(
  path: Fitting<T, S["params"]>,
  application: ApplicationLike<S>,
  options: RouteOptions = {},
): Route<Omit<S, "params"> & Scope> {
  // `never`: that the parameters are there is settled by `Fitting`, and from here on nobody asks.
  const where = `route ${typeof path === "string" ? JSON.stringify(path) : String(path)}`;
  checkOptionNames(where, options, ["origins", "limits"], "{ origins: [origin] }");
  completeLimits(options.limits, defaultLimits);
  return new Route(path as string | RegExp, toApplication(application, where) as never, options);
}

/** Puts the parameters of an inner match over those of an outer one. */
export function mergeParams(outer: object, inner: PathParams): PathParams {
  if (Object.keys(inner).length === 0) return outer as PathParams;
  return Object.freeze(Object.assign(bareRecord<string>(), outer, inner));
}

function mergeOptions(outer: RouteOptions, inner: RouteOptions): RouteOptions {
  const origins = inner.origins ?? outer.origins;
  return {
    ...(origins !== undefined && { origins }),
    ...((outer.limits ?? inner.limits) && { limits: { ...outer.limits, ...inner.limits } }),
  };
}

/** What is known of the parameters of a path; of a regular expression's, only that they are strings. */
type ParamsOf<T extends string | RegExp> = T extends string ? Params<T> : PathParams;

/**
 * `T`, if it can be a path and has the parameters that are needed; otherwise a sentence for the compiler
 * to show.
 */
type Fitting<T extends string | RegExp, Needed extends object> = [
  T extends string ? ForeignPath<T> : never,
] extends [never]
  ? (
      IsKnown<T> extends true
        ? ParamsOf<T>
        : { readonly [Name in keyof Needed]: string }
    ) extends Needed
    ? T
    : [Lacking<T, Needed>] extends [never]
      ? "the parameters of a path are strings, and the application needs something else"
      : `the application needs the parameter "${Lacking<T, Needed>}", which this path does not have`
  : T extends string
    ? ForeignPath<T>
    : never;

type Lacking<T extends string | RegExp, Needed> =
  IsKnown<T> extends true ? Exclude<keyof Needed & string, keyof ParamsOf<T>> : never;

/** Whether the compiler can read the path. */
type IsKnown<T extends string | RegExp> = T extends string
  ? string extends T
    ? false
    : true
  : false;
