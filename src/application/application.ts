import type { ConnectionLimits } from "../internal/limits.ts";
import type { OriginPolicy } from "../internal/origin-policy.ts";
import type { Handler } from "./handler.ts";
import type { Scope } from "./scope.ts";
import type { Socket } from "./socket.ts";

/** A path that an application matched, and what follows from it. */
export interface Match {
  /** The parameters, decoded. Where routes nest these are all of them; of one name, the inner one. */
  readonly params: Readonly<Record<string, string>>;
  /** What the routes decide. Where they nest, the inner one wins, for each limit by itself. */
  readonly options: RouteOptions;
}

/** What a route may decide differently from its server. Settled before any middleware runs. */
export interface RouteOptions {
  /** Which pages may connect. */
  readonly origins?: OriginPolicy;
  /** Limits of its connections; those left out stay as they are. */
  readonly limits?: ConnectionLimits;
}

/**
 * Whatever a connection can be given to. It is called once for each connection, behind the router
 * and the middleware, and says by its {@link Handler} what it wants to hear.
 *
 * An application may carry `match`: then it takes only the paths for which that returns something.
 */
export interface Application<S extends Scope = Scope> {
  (scope: S, socket: Socket): Handler | Promise<Handler>;
  /**
   * Settles whether a path is ours. Without it, every path is. Behind a route it is given what the
   * route's own path leaves over, which begins with "/".
   */
  readonly match?: (path: string) => Match | undefined;
}

/** An application made into another one; it may widen the scope. */
export interface Middleware<Needs extends Scope = Scope, Adds extends object = {}> {
  <S extends Needs>(inner: Application<S & Adds>): Application<S>;
}
