import type { Application, Middleware } from "../application/application.ts";
import type { Handler } from "../application/handler.ts";
import { isPromise } from "../application/mailbox.ts";
import type { Scope } from "../application/scope.ts";
import type { Socket } from "../application/socket.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import type { Logger } from "../internal/logger.ts";
import { OptionCheck } from "../internal/option-check.ts";
import { Allowance, type Quota } from "./allowance.ts";
import { Allowances } from "./allowances.ts";
import type { UserScope } from "./authenticate.ts";
import { publish, publishDrop } from "./diagnostics.ts";
import { end, endings } from "./ending.ts";
import { LimitedHandler } from "./limited-handler.ts";
import { networkOf } from "./network.ts";
import { checkScope } from "./scope-check.ts";

/** Options of {@link rateLimit}. */
export interface RateLimitOptions {
  /** Messages that may come in a window, or at once after a quiet one. @defaultValue no limit */
  readonly messages?: number;
  /** Bytes that may come in a window; the message that crosses the limit still does. @defaultValue no limit */
  readonly bytes?: number;
  /** In milliseconds. @defaultValue 1 000 */
  readonly window?: number;
  /**
   * Who shares a limit: nobody, all connections of an address (of IPv6, of a /64 network), all of a
   * user, or all for which a function of yours gives one key. @defaultValue "connection"
   */
  readonly by?: "connection" | "address" | "user" | ((scope: Scope) => string);
  /**
   * What happens to a message over the limit: the connection is closed with 4029, and may come back;
   * the message is dropped; or nothing. Each is published as `sluice:rate.exceed`, a drop as
   * `sluice:message.drop` too. @defaultValue "close"
   */
  readonly onLimit?: "close" | "drop" | "warn";
  /** Gets one line for each connection that comes over the limit. @defaultValue none */
  readonly log?: Pick<Logger, "warn">;
  /** How many shared limits are remembered; the longest unused is forgotten. @defaultValue 10 000 */
  readonly maxKeys?: number;
  /** Time; tests hand in their own. @defaultValue the system's */
  readonly clock?: Pick<Clock, "now">;
}

const optionNames = ["messages", "bytes", "window", "by", "onLimit", "log", "maxKeys", "clock"];

/**
 * Limits what clients send. Messages are counted when the handler gets them, so one that waits
 * behind a busy handler counts later.
 *
 * ```ts
 * const websocket = stack(rateLimit({ messages: 20, bytes: 65_536, by: "address" }), Chat);
 * ```
 *
 * @throws UsageError `ERR_INVALID_OPTION`.
 */
export function rateLimit(
  options: RateLimitOptions & { readonly by?: Exclude<RateLimitOptions["by"], "user"> },
): Middleware;
export function rateLimit(
  options: RateLimitOptions & { readonly by: "user" },
): Middleware<Scope & UserScope<{ readonly id: string | number }>>;
export function rateLimit(options: RateLimitOptions): Middleware {
  const limit = new RateLimit(options);
  return ((inner: Application) => limit.around(inner)) as Middleware;
}

/** One limit, and what is shared by those under it. */
class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #quota: Quota;
  readonly #clock: Pick<Clock, "now">;
  readonly #keyOf: ((scope: Scope) => string) | undefined;
  readonly #shared: Allowances;

  constructor(options: RateLimitOptions) {
    const check = new OptionCheck("rateLimit");
    check.names(options, optionNames);
    const { messages, bytes, window = 1_000, by = "connection", clock = systemClock } = options;
    const { maxKeys = 10_000, onLimit = "close" } = options;
    if (messages === undefined && bytes === undefined) {
      check.wrong(
        "messages",
        messages,
        "a number, or else bytes: without either there is no limit",
      );
    }
    if (messages !== undefined && !(messages >= 1)) check.wrong("messages", messages, "at least 1");
    if (bytes !== undefined) check.positive("bytes", bytes);
    check.positive("window", window);
    check.positive("maxKeys", maxKeys);
    check.oneOf("onLimit", onLimit, ["close", "drop", "warn"]);
    if (typeof by !== "function") check.oneOf("by", by, ["connection", "address", "user"]);
    this.#options = options;
    this.#quota = { messages, bytes, window };
    this.#clock = clock;
    this.#keyOf = typeof by === "function" ? by : keys[by];
    this.#shared = new Allowances(this.#quota, clock, maxKeys);
  }

  around(inner: Application): Application {
    return (scope, socket) => {
      const allowance = this.#allowanceOf(scope, socket);
      const passes = this.#judge(allowance, scope, socket);
      const limit = (handler: Handler) => new LimitedHandler(handler, inner.name, passes);
      const handler = inner(scope, socket);
      return isPromise(handler) ? handler.then(limit) : limit(handler);
    };
  }

  #allowanceOf(scope: Scope, socket: Socket): Allowance {
    const key = this.#keyOf?.(scope);
    if (key === undefined) return new Allowance(this.#quota, this.#clock);
    const allowance = this.#shared.hold(key);
    socket.signal.addEventListener("abort", () => this.#shared.release(key, allowance), {
      once: true,
    });
    return allowance;
  }

  #judge(allowance: Allowance, scope: Scope, socket: Socket): (size: number) => boolean {
    const { onLimit: action = "close", log } = this.#options;
    let isSilent = log === undefined;
    return (size) => {
      if (allowance.take(size)) return true;
      publish("sluice:rate.exceed", { scope, size, action });
      if (!isSilent) {
        isSilent = true;
        const { path, client } = scope;
        log?.warn({ path, address: client.address, action }, "rate limit exceeded");
      }
      if (action === "drop") publishDrop(scope, size);
      if (action === "close") end(socket, endings.rateLimited);
      return action === "warn";
    };
  }
}

/** How those are told apart who share a limit. */
const keys: Readonly<Record<string, (scope: Scope) => string>> = {
  address: ({ client }) => networkOf(client.address),
  user: (scope) => {
    checkScope('rateLimit({ by: "user" })', scope, "user", "authenticate(…)");
    return String((scope as Scope & UserScope<{ id: string | number }>).user.id);
  },
};
