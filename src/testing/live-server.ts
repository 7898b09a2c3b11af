import type { Scope } from "../application/scope.ts";
import { silentLogger } from "../internal/logger.ts";
import { checkOptionNames } from "../internal/option-names.ts";
import type { ErrorContext } from "../server/options.ts";
import { type ServeOptions, type Server, serve, serveOptionNames } from "../server/serve.ts";

/** A real server for a test. Made by {@link liveServer}. */
export interface LiveServer extends Server {
  /** What applications threw, in order, with where. */
  readonly errors: readonly ({ readonly error: unknown } & ErrorContext)[];
}

/** How long a test waits in the end for clients that it left behind. */
const patience = 1000;

/**
 * Serves on a free port, until the test is over:
 *
 * ```ts
 * await using server = await liveServer({ websocket: Chat });
 * const client = new WebSocket(server.webSocketUrl);
 * ```
 *
 * Disposing closes it within a second, whoever is still connected. Nothing is logged: what
 * applications throw is in `errors`.
 */
export async function liveServer<S extends Scope>(options: ServeOptions<S>): Promise<LiveServer> {
  checkOptionNames("liveServer", options, serveOptionNames);
  const errors: LiveServer["errors"][number][] = [];
  const server = await serve<S>({
    log: silentLogger,
    ...options,
    port: 0,
    onError(error, context) {
      errors.push({ error, ...context });
      options.onError?.(error, context);
    },
  });
  return Object.create(server, {
    errors: { value: errors },
    [Symbol.asyncDispose]: { value: () => server.close({ timeout: patience }) },
  }) as LiveServer;
}
