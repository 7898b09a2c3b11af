import type { ApplicationLike } from "./consumer.ts";
import type { Scope } from "./scope.ts";

/**
 * An application, or a consumer class, that a server can call: one that needs nothing of the scope
 * but what every {@link Scope} has. Of any other one this is a sentence that says what is missing,
 * for the compiler to show.
 *
 * A function that serves one takes `<S extends Scope>(application: Servable<S>)`.
 */
export type Servable<S extends Scope> = Scope extends S
  ? ApplicationLike<S>
  : Missing<S> extends infer Key extends string
    ? Key extends "params"
      ? `this application needs parameters (${keyof S["params"] & string}): give it a route whose path has them`
      : `this application needs scope.${Key}: wrap it in a middleware that adds it`
    : never;

/** The keys of `S` that a plain scope does not have, or not with this type. */
type Missing<S extends Scope> = {
  [Key in keyof S]-?: Pick<Scope, Key & keyof Scope> extends Pick<S, Key> ? never : Key;
}[keyof S] &
  string;
