import process from "node:process";
import { createInterface } from "node:readline";
import type { App } from "../app.ts";

/** What a server of this folder is asked to serve: its only argument. */
export const app: App = JSON.parse(process.argv[2] ?? "null") as App;

/** What a server says of its memory, in bytes, after everything that could be collected was. */
export interface Memory {
  readonly rss: number;
  readonly heap: number;
}

/**
 * Says in a line on standard output that a server listens. From then on every line of standard input
 * is answered with the {@link Memory}; its end is the server's.
 */
export function announce(port: number): void {
  process.stdout.write(`${port}\n`);
  const lines = createInterface({ input: process.stdin });
  lines.on("line", () => {
    for (let round = 0; round < 4; round += 1) globalThis.gc?.();
    const { rss, heapUsed: heap } = process.memoryUsage();
    process.stdout.write(`${JSON.stringify({ rss, heap } satisfies Memory)}\n`);
  });
  lines.on("close", () => process.exit());
}
