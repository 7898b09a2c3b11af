import process from "node:process";
import { systemClock } from "../internal/clock.ts";

/** One signal often comes twice: from the terminal, and through npm or the primary process. */
const echo = 500;

/** How often it is looked whether the shell of an npm script is still there: one system call each time. */
const glance = 200;

/** Node's timers hold no more. */
const longestTimer = 2 ** 31 - 1;

/**
 * Calls `stop` when the process is asked to end by SIGTERM or SIGINT: with `timeout` at first, with 0
 * once it is asked again, and says so by `print`. Resolves when what `stop` returned has, or rejects with it.
 *
 * The end of the shell that an npm script runs in is such a signal too: npm passes its signals to that
 * shell alone, and one like dash ends of them and leaves the program behind.
 */
export function stoppedBySignal(
  timeout: number,
  stop: (timeout: number, signal: NodeJS.Signals) => Promise<unknown>,
  print: (line: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let first: number | undefined;
    const onSignal = (signal: NodeJS.Signals, _number?: number, what: string = signal) => {
      const now = systemClock.now();
      if (first !== undefined && now - first < echo) return;
      print(`${what}: ${first === undefined ? "stopping" : "stopping now"}`);
      stop(first === undefined ? timeout : 0, signal).then(() => resolve(), reject);
      first ??= now;
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
    whenScriptEnds(() => {
      if (first === undefined) onSignal("SIGTERM", undefined, "the npm script has ended");
    });
  });
}

/** Calls `ended` once the shell of the npm script is gone that started this process, if one did. */
function whenScriptEnds(ended: () => void): void {
  // A worker of `node:cluster` is its primary process's business.
  if (process.env["npm_lifecycle_event"] === undefined || process.send !== undefined) return;
  const shell = process.ppid;
  const look = () => {
    if (process.ppid !== shell) ended();
    else systemClock.after(glance, look, true);
  };
  look();
}

/** What has no timer and no socket keeps no process alive: this one lives until it is stopped. */
export function stayAlive(): void {
  systemClock.after(longestTimer, stayAlive);
}
