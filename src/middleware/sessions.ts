import type { Middleware } from "../application/application.ts";
import type { Handler } from "../application/handler.ts";
import { type Scope, widen } from "../application/scope.ts";
import type { Socket } from "../application/socket.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { OptionCheck } from "../internal/option-check.ts";
import type { ChannelLayer } from "../layers/channel-layer.ts";
import type { CookieScope } from "./cookies.ts";
import { endings } from "./ending.ts";
import { checkScope } from "./scope-check.ts";
import { revoke } from "./revocation.ts";
import { Session } from "./session.ts";
import { SessionDesk, type SessionDeskOptions } from "./session-desk.ts";
import type { SessionStore, StoredCookie } from "./session-store.ts";
import type { SessionVisit } from "./session-visit.ts";

/** What {@link sessions} adds to a scope. */
export interface SessionScope<T extends object = Record<string, unknown>> {
  /** The session of this connection's browser. */
  readonly session: Session<T>;
}

/** Options of {@link sessions}. */
export interface SessionsOptions {
  /**
   * The store, the same object as the web framework has: it gets a `destroy` that tells us. In other
   * processes it is another object of the same backend.
   */
  readonly store: SessionStore;
  /** What the cookie is signed with. Of several, the first signs and all are believed. */
  readonly secret: string | readonly string[];
  /** The cookie's name. @defaultValue "connect.sid", as in express-session; Fastify: "sessionId" */
  readonly name?: string;
  /**
   * What stands before the signed id in a cookie that `setCookie` makes; both are read.
   * @defaultValue "s:", as in express-session; Fastify: ""
   */
  readonly prefix?: "s:" | "";
  /** Attributes of the cookie of a new session. @defaultValue path "/", httpOnly, sameSite "lax", secure over TLS */
  readonly cookie?: Omit<StoredCookie, "expires">;
  /**
   * Refuses clients without a session with 401, and everybody with 503 while the store is out of
   * order. Then the session is loaded before the application is called. @defaultValue false
   */
  readonly required?: boolean;
  /**
   * What to do with several cookies of this name, one of which a neighbouring domain may have set:
   * take the first, as web frameworks do, or none. @defaultValue "first"
   */
  readonly duplicates?: "first" | "refuse";
  /**
   * How often it is looked whether a session is still there, in milliseconds: once for all its
   * connections. `Infinity` never looks. @defaultValue 60 000: so late is a revocation at the latest
   */
  readonly recheckInterval?: number;
  /** How long the store may take, in milliseconds. @defaultValue 5 000, half of `connectTimeout` */
  readonly storeTimeout?: number;
  /**
   * The layer that tells other processes of sessions that were destroyed here. Only processes that
   * answer HTTP and have had no connection yet need it. @defaultValue the layers of the connections
   */
  readonly layer?: ChannelLayer;
  /** Time; tests hand in their own. @defaultValue the system's */
  readonly clock?: Pick<Clock, "now" | "after">;
}

const optionNames = [
  "store",
  "secret",
  "name",
  "prefix",
  "cookie",
  "required",
  "duplicates",
  "recheckInterval",
  "storeTimeout",
  "layer",
  "clock",
];

/**
 * Adds `scope.session`: the session that the browser has with the web framework, from the cookie and
 * the store of `express-session` or `@fastify/session` as they are.
 *
 * ```ts
 * const store = new MemoryStore();
 * app.use(session({ store, secret }));
 * const websocket = stack(cookies(), sessions<{ username: string }>({ store, secret }), Chat);
 * ```
 *
 * Give the type of the data, as above, also where it is `Record<string, unknown>`: without it the
 * compiler does not tell an application that is written in place in the stack what it gets.
 *
 * A cookie that is forged, cut or of a session that is gone is no cookie. When the session is
 * destroyed, over HTTP or here, all its connections are closed with 4510: at once in this process,
 * through the layer in others, and at the latest after `recheckInterval`.
 *
 * @throws UsageError `ERR_INVALID_OPTION`.
 */
export function sessions(options: SessionsOptions): Middleware<Scope & CookieScope, SessionScope>;
// One more signature: inside a `stack`, a type that is not given would be inferred to be `never`.
export function sessions<T extends object>(
  options: SessionsOptions,
): Middleware<Scope & CookieScope, SessionScope<T>>;
export function sessions<T extends object>(
  options: SessionsOptions,
): Middleware<Scope & CookieScope, SessionScope<T>> {
  const desk = new SessionDesk(complete(options));
  const { required = false } = options;
  return (inner) => (scope, socket) => {
    checkScope("sessions(…)", scope, "cookies", "cookies()");
    const visit = desk.receive(scope, socket);
    const session = new Session<T>(visit);
    const enter = (): Handler | Promise<Handler> =>
      inner(widen(scope, { session }) as never, socket);
    if (visit.id !== undefined) return admit(visit, session, required, socket, enter);
    return required ? refuse(socket, 401) : enter();
  };
}

/**
 * Ends a session's connections in all processes of a layer, with 4510: for sessions that are
 * destroyed where no `sessions()` runs, or in the backend itself.
 */
export function revokeSession(layer: ChannelLayer, id: string): Promise<void> {
  return revoke(layer, "session", id, endings.sessionRevoked);
}

/** First onto the roster, then to the store: who is revoked in between is told. */
async function admit<T extends object>(
  visit: SessionVisit,
  session: Session<T>,
  required: boolean,
  socket: Socket,
  enter: () => Handler | Promise<Handler>,
): Promise<Handler> {
  await visit.enter();
  if (required) {
    try {
      await session.load();
    } catch (error) {
      // Refused first: what is thrown after that is only reported.
      socket.reject(503, { headers: { "retry-after": "1" } });
      throw error;
    }
    if (!session.exists) return refuse(socket, 401);
  }
  return visit.ended ? {} : enter();
}

function refuse(socket: Socket, status: number): Handler {
  socket.reject(status);
  return {};
}

function complete(options: SessionsOptions): SessionDeskOptions {
  const check = new OptionCheck("sessions");
  check.names(options, optionNames);
  const { store, secret, name = "connect.sid", prefix = "s:", duplicates = "first" } = options;
  const { recheckInterval = 60_000, storeTimeout = 5_000, clock = systemClock } = options;
  const secrets = typeof secret === "string" ? [secret] : [...(secret ?? [])];
  if (secrets.length === 0 || secrets.some((each) => typeof each !== "string" || each === "")) {
    check.wrong("secret", "missing or empty", "a string, or several");
  }
  for (const method of ["get", "set", "destroy"] as const) {
    if (typeof store?.[method] !== "function") {
      check.wrong("store", `without ${method}()`, "a store of express-session or @fastify/session");
    }
  }
  check.oneOf("prefix", prefix, ["s:", ""]);
  check.oneOf("duplicates", duplicates, ["first", "refuse"]);
  check.positive("recheckInterval", recheckInterval);
  check.positive("storeTimeout", storeTimeout);
  return {
    store,
    secrets,
    name,
    prefix,
    duplicates,
    recheckInterval,
    storeTimeout,
    clock,
    cookie: options.cookie ?? {},
    layer: options.layer,
  };
}
