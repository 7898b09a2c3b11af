import type { Server } from "sluice";

/**
 * How long the same signal still belongs to the first one, in milliseconds. At Ctrl-C the terminal
 * tells npm and us, and npm passes on what it was told: one wish arrives twice.
 */
const sameWish = 500;

/**
 * Closes the server when the process is asked to end, and resolves once that is done.
 *
 * The first SIGINT or SIGTERM drains: new connections are refused, those that exist are closed
 * properly. A second one, of the other kind or later, means now.
 */
export function closedBySignal(server: Pick<Server, "close">): Promise<void> {
  return new Promise((resolve, reject) => {
    let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;

    const onSignal = (signal: NodeJS.Signals) => {
      const now = performance.now();
      if (first === undefined) {
        first = { signal, at: now };
        console.log(`${signal}: closing all connections; once more to end now`);
        server.close().then(resolve, reject);
      } else if (signal !== first.signal || now - first.at > sameWish) {
        console.log(`${signal}: ending now`);
        server.close({ timeout: 0 }).then(resolve, reject);
      }
    };

    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}
