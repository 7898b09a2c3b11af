import process from "node:process";
import { systemClock } from "../internal/clock.ts";

/** One signal often comes twice: from the terminal, and through npm or the primary process. */
const echo = 500;

/** Node's timers hold no more. */
const longestTimer = 2 ** 31 - 1;

/**
 * Calls `stop` when the process is asked to end by SIGTERM or SIGINT: with `timeout` at first, with 0
 * once it is asked again, and says so by `print`. Resolves when what `stop` returned has, or rejects with it.
 */
export function stoppedBySignal(
  timeout: number,
  stop: (timeout: number, signal: NodeJS.Signals) => Promise<unknown>,
  print: (line: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let first: number | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      const now = systemClock.now();
      if (first !== undefined && now - first < echo) return;
      print(`${signal}: ${first === undefined ? "stopping" : "stopping now"}`);
      stop(first === undefined ? timeout : 0, signal).then(() => resolve(), reject);
      first ??= now;
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  });
}

/** What has no timer and no socket keeps no process alive: this one lives until it is stopped. */
export function stayAlive(): void {
  systemClock.after(longestTimer, stayAlive);
}
