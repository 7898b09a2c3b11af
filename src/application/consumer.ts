import { UsageError } from "../errors.ts";
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
 * @throws UsageError `ERR_NOT_A_CONSUMER` for everything else.
 */
export function toApplication<S extends Scope>(target: ApplicationLike<S>): Application<S> {
  if (typeof target === "function") {
    if ("toApplication" in target && typeof target.toApplication === "function") {
      return target.toApplication() as Application<S>;
    }
    if (!isClass(target)) return target as Application<S>;
    throw new UsageError(
      "ERR_NOT_A_CONSUMER",
      `class ${target.name || "(anonymous)"} does not extend WebSocketConsumer`,
    );
  }
  throw new UsageError(
    "ERR_NOT_A_CONSUMER",
    `${target === null ? "null" : typeof target} is neither an application nor a consumer class`,
  );
}

function isClass(target: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(target));
}
