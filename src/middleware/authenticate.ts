import type { Application, Middleware } from "../application/application.ts";
import type { Scope } from "../application/scope.ts";
import type { Socket } from "../application/socket.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { OptionCheck } from "../internal/option-check.ts";
import { Guard, type GuardOptions } from "./guard.ts";
import type { TokenPlace } from "./presented-token.ts";
import { readTokenFrame } from "./token-frame.ts";

/** What {@link authenticate} adds to a scope. */
export interface UserScope<U> {
  /** Who this is, as `verify` said when the connection began. */
  readonly user: U;
}

/** What somebody says of themselves. */
export interface Credentials<S extends Scope = Scope> {
  /** The token that the client presented; undefined if there is none, and the scope has to tell. */
  readonly token: string | undefined;
  /** The scope, with a session for example. Its subprotocols are without the token. */
  readonly scope: S;
}

/** Options of {@link authenticate}. */
export interface AuthenticateOptions<U, S extends Scope = Scope> {
  /**
   * Says who it is, or null for nobody. What it needs of the scope, the compiler asks of the stack.
   * While it fails everybody is refused with 503.
   */
  readonly verify: (credentials: Credentials<S>) => U | null | Promise<U | null>;
  /** The id by which `disconnectUser` finds a user. @defaultValue none: it finds nobody */
  readonly id?: (user: U) => string | number;
  /**
   * How long a user's token is good for, in milliseconds from now. Then the connection is closed with
   * 4001, unless the client has sent a new token. @defaultValue for ever
   */
  readonly expiresIn?: (user: U) => number | undefined;
  /**
   * Where a token may stand: in `Authorization: Bearer`, in the list of subprotocols, in the first
   * message. The last one means that connections are accepted before anybody is known.
   * @defaultValue ["header", "subprotocol"]
   */
  readonly from?: readonly TokenPlace[];
  /**
   * What stands before the token in the list of subprotocols, with a dot:
   * `new WebSocket(url, ["chat", "bearer." + token])`. It is never echoed; the application sees and
   * accepts the others. Browsers want one of them accepted, so offer one. @defaultValue "bearer"
   */
  readonly scheme?: string;
  /** Refuses with 401 whom `verify` does not know; else their user is null. @defaultValue true */
  readonly required?: boolean;
  /** How long the first message may take, in milliseconds; then 4501. @defaultValue 10 000 */
  readonly authDeadline?: number;
  /**
   * Whether a client may send a new token before the old one expires. It has to be of the same user,
   * as `id` says, and `scope.user` stays as it is; what does not pass is closed with 4501.
   * @defaultValue true, where there is an `id`
   */
  readonly refresh?: boolean;
  /**
   * Finds the token in a text message: in the first one, or later in one that refreshes. The
   * application sees neither. @defaultValue reads `{"type":"auth","token":"…"}`, and
   * `{"type":"auth.refresh","token":"…"}` later
   */
  readonly readToken?: (message: string, first: boolean) => string | undefined;
  /**
   * Whether a user may stay, asked every `recheckInterval`, once for all connections of an `id`: a
   * number that grows when somebody is locked out, compared with the one in the user, will do. It
   * finds whom a lost message of `disconnectUser` has missed. A rejection is a yes for now.
   */
  readonly recheck?: (user: U) => boolean | Promise<boolean>;
  /** In milliseconds. @defaultValue 60 000 */
  readonly recheckInterval?: number;
  /** Time; tests hand in their own. @defaultValue the system's */
  readonly clock?: Pick<Clock, "now" | "after">;
}

const optionNames = [
  "verify",
  "id",
  "expiresIn",
  "from",
  "scheme",
  "required",
  "authDeadline",
  "refresh",
  "readToken",
  "recheck",
  "recheckInterval",
  "clock",
];

/**
 * Adds `scope.user`.
 *
 * ```ts
 * const users = authenticate({
 *   verify: async ({ scope }: Credentials<Scope & SessionScope<{ userId: string }>>) => {
 *     const { userId } = await scope.session.load();
 *     return userId === undefined ? null : findUser(userId);
 *   },
 *   id: (user) => user.id,
 * });
 * const websocket = stack(cookies(), sessions<{ userId: string }>({ store, secret }), users, Chat);
 * ```
 *
 * Made before the stack, as above, it is also understood by an application that is written in place
 * there. With a token it is `verify: ({ token }) => (token === undefined ? null : check(token))`.
 *
 * @throws UsageError `ERR_INVALID_OPTION`.
 */
export function authenticate<U, S extends Scope = Scope>(
  options: AuthenticateOptions<U, S> & { readonly required: false },
): Middleware<S, UserScope<U | null>>;
export function authenticate<U, S extends Scope = Scope>(
  options: AuthenticateOptions<U, S>,
): Middleware<S, UserScope<U>>;
export function authenticate<U>(options: AuthenticateOptions<U, never>): Middleware {
  const guard = new Guard(complete(options));
  return (inner: Application<never>) => (scope: Scope, socket: Socket) =>
    guard.admit(inner, scope, socket);
}

function complete<U>(options: AuthenticateOptions<U, never>): GuardOptions<U> {
  const check = new OptionCheck("authenticate");
  check.names(options, optionNames);
  const { verify, from = ["header", "subprotocol"], scheme = "bearer", required = true } = options;
  const { authDeadline = 10_000, recheckInterval = 60_000, clock = systemClock } = options;
  const { id, expiresIn, refresh = true, readToken = readTokenFrame, recheck } = options;
  if (typeof verify !== "function") check.wrong("verify", verify, "a function");
  for (const place of from) check.oneOf("from", place, ["header", "subprotocol", "message"]);
  if (from.includes("message") && !required) {
    check.wrong("required", required, "true where a first message is waited for");
  }
  if (recheck !== undefined && id === undefined) {
    check.wrong("id", id, "given where there is a recheck");
  }
  check.positive("authDeadline", authDeadline);
  check.positive("recheckInterval", recheckInterval);
  return {
    verify: verify as GuardOptions<U>["verify"],
    id,
    expiresIn,
    from,
    scheme,
    required,
    authDeadline,
    refresh,
    readToken,
    recheck,
    recheckInterval,
    clock,
  };
}
