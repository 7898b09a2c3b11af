import { UsageError } from "../errors.ts";
import { isClass, nameOfKind } from "../internal/name-of-kind.ts";
import type { Application } from "./application.ts";
import type { Scope } from "./scope.ts";

/**
 * A class that is made once for each connection. It is known by its static method `toApplication`,
 * which `WebSocketConsumer` has; what its instances say of `scope` is what the class needs.
 */
export interface ConsumerClass<S extends Scope = Scope> {
  new (): { readonly scope: S };
  toApplication(...args: unknown[]): Application<never>;
  /** What makes the names of its groups may need no more of the scope than the class does. */
  readonly groups?: readonly string[] | ((scope: S) => readonly string[]);
}

/** An application, or a consumer class, which is made into one. */
export type ApplicationLike<S extends Scope = Scope> = Application<S> | ConsumerClass<S>;

/**
 * The application that is meant: a function as it is, a consumer class made into one.
 * @param where - who was given it, for the error.
 * @throws UsageError `ERR_NOT_A_CONSUMER` for everything else.
 */
export function toApplication<S extends Scope>(
  target: ApplicationLike<S>,
  where: string,
): Application<S> {
  if (typeof target === "function") {
    if ("toApplication" in target && typeof target.toApplication === "function") {
      return target.toApplication() as Application<S>;
    }
    if (!isClass(target)) return target as Application<S>;
  }
  throw new UsageError(
    "ERR_NOT_A_CONSUMER",
    `${where} was given ${nameOfKind(target)}${remedy(target)}`,
  );
}

function remedy(target: unknown): string {
  if (isClass(target)) return ", which does not extend WebSocketConsumer";
  // Several routes, or one.
  const { match } = Object(target) as { readonly match?: unknown };
  if (Array.isArray(target) || (typeof target === "object" && typeof match === "function")) {
    return ": routes are given to a router, router([route(…), …])";
  }
  const { constructor } = (target ?? {}) as { readonly constructor?: unknown };
  if (typeof constructor === "function" && "toApplication" in constructor) {
    return `: give the class itself, ${constructor.name}; each connection gets an instance of its own`;
  }
  return ": it takes a consumer class, or an application (scope, socket) => handler";
}
