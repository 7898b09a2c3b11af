import type { Middleware } from "../application/application.ts";
import type { Handler } from "../application/handler.ts";
import { isPromise } from "../application/mailbox.ts";
import type { Scope } from "../application/scope.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import type { Logger } from "../internal/logger.ts";
import { OptionCheck } from "../internal/option-check.ts";
import { LoggedHandler } from "./logged-handler.ts";
import { LoggedSocket } from "./logged-socket.ts";

/** Options of {@link logging}. */
export interface LoggingOptions {
  /** Where the lines go. */
  readonly log: Pick<Logger, "info">;
  /** Time; tests hand in their own. @defaultValue the system's */
  readonly clock?: Pick<Clock, "now">;
}

/**
 * Writes one line when a connection is accepted or refused, and one when it has ended: with its close
 * code, its duration in milliseconds, and the messages and bytes of both directions. It stands
 * outermost.
 *
 * The path and the address are all that it tells of a client. Cookies, `Authorization`, subprotocols
 * and the query may hold what opens doors, and are never written.
 *
 * @throws UsageError `ERR_INVALID_OPTION`.
 */
export function logging(options: LoggingOptions): Middleware {
  const check = new OptionCheck("logging");
  check.names(options, ["log", "clock"]);
  const { log, clock = systemClock } = options;
  if (typeof log?.info !== "function") check.wrong("log", log, "a logger");
  const middleware: Middleware<Scope> = (inner) => (scope, bare) => {
    const socket = new LoggedSocket(bare, scope, log, clock);
    const wrap = (handler: Handler) => new LoggedHandler(handler, inner.name, socket);
    const handler = inner(scope, socket);
    return isPromise(handler) ? later(handler, socket).then(wrap) : wrap(handler);
  };
  return middleware;
}

/** Until a handler is open, nobody tells it of the end of a connection that was accepted early. */
async function later(handler: Promise<Handler>, socket: LoggedSocket): Promise<Handler> {
  socket.signal.addEventListener("abort", () => socket.aborted(), { once: true });
  try {
    return await handler;
  } catch (error) {
    socket.ended(1011);
    throw error;
  }
}
