import { UsageError } from "../errors.ts";
import { isClass, nameOfKind } from "../internal/name-of-kind.ts";
import type { Application, Match, Middleware } from "./application.ts";
import { type ApplicationLike, toApplication } from "./consumer.ts";
import type { Scope } from "./scope.ts";

/**
 * Wraps an application, or a consumer class, in middleware, the outermost first:
 * `stack(sessions, users, Chat)` is `sessions(users(Chat))`. Every middleware is called once, here;
 * what it makes is called for each connection.
 *
 * The application that comes out needs what each middleware needs, and what the innermost one needs
 * except for what the middleware adds, if that has the right type. What is missing, because it was
 * forgotten or stands in the wrong order, is told by the compiler where the application is served.
 * An application written in place is told what the middleware adds. Middleware is declared as
 * `Middleware<Needs, Adds>`: of a bare generic function the compiler cannot see what it adds.
 *
 * A `match` is carried from the inside out, so a router may be wrapped wherever it stands.
 *
 * @throws UsageError `ERR_NOT_A_CONSUMER` when the last argument, or what a middleware makes, is not
 * an application.
 */
export function stack<
  const M extends readonly Middleware<never, never>[],
  S extends Scope = Scope & Added<M>,
>(...layers: [...middleware: M, application: ApplicationLike<S>]): Application<Stacked<M, S>> {
  const middleware = layers.slice(0, -1) as unknown as readonly Middleware[];
  const innermost = toApplication(layers.at(-1) as ApplicationLike, "stack, as its last argument,");
  middleware.forEach(checkMiddleware);
  const outermost = middleware.reduceRight((inner, wrap, index) => {
    const made = toApplication(wrap(inner), `stack, by its middleware ${index + 1},`);
    return carry(made, inner.match);
  }, innermost);
  // `never`: what it needs is computed by `Stacked`, which no code can show to be right.
  return outermost as never;
}

/** A list that was written by hand, without the compiler, holds anything. */
function checkMiddleware(given: unknown, index: number): void {
  if (typeof given === "function" && !isClass(given)) return;
  throw new UsageError(
    "ERR_NOT_A_CONSUMER",
    `stack takes middleware and, last, an application: argument ${index + 1} is ${nameOfKind(given)}`,
  );
}

/** Gives an application a `match`, unless it has its own. */
function carry(
  application: Application,
  match: ((path: string) => Match | undefined) | undefined,
): Application {
  if (match === undefined || application.match !== undefined) return application;
  // A new function: the one at hand may be used elsewhere, without this `match`.
  return Object.assign<Application, { match: typeof match }>(
    (scope, socket) => application(scope, socket),
    { match },
  );
}

/** What an application that needs `S` needs once it is wrapped, from the right to the left. */
type Stacked<M extends readonly unknown[], S extends Scope> = M extends readonly [
  ...infer Outer,
  infer Inner,
]
  ? Inner extends Middleware<infer Needs, infer Adds>
    ? Stacked<Outer, Beneath<S, Needs, Adds>>
    : never
  : S;

type Beneath<S extends Scope, Needs extends Scope, Adds extends object> = [
  Provided<S, Adds>,
] extends [never]
  ? S & Needs
  : Omit<S, Provided<S, Adds>> & Needs;

/** The keys of `S` that are added as what is needed: a session of another type does not count. */
type Provided<S, Adds> = {
  [K in keyof S & keyof Adds]: Adds[K] extends S[K] ? K : never;
}[keyof S & keyof Adds];

/** What all the middleware adds together. */
type Added<M extends readonly unknown[]> = M extends readonly [
  Middleware<infer _Needs, infer Adds>,
  ...infer Rest,
]
  ? Adds & Added<Rest>
  : unknown;
