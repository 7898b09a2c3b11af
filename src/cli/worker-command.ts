import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { Worker } from "../application/worker.ts";
import { systemClock } from "../internal/clock.ts";
import { WrongCommand } from "./wrong-command.ts";

/** One signal often comes twice: from the terminal, and through npm. */
const echo = 500;

/** Node's timers hold no more. */
const longestTimer = 2 ** 31 - 1;

/**
 * Loads a module, whose workers then run, and resolves when a signal has stopped them. Handlers that
 * are at work may go on for `timeout` milliseconds; a second signal means now.
 * @throws WrongCommand for a module that exports no worker.
 */
export async function runWorkers(module: string, timeout: number): Promise<void> {
  const url = pathToFileURL(resolve(module)).href;
  const exported = (await import(url)) as Readonly<Record<string, unknown>>;
  const workers = Object.values(exported).filter(isWorker);
  if (workers.length === 0) {
    throw new WrongCommand(`${module} exports no worker`);
  }
  stayAlive();
  // Before it is told that all is well: whoever reads that may send one at once.
  const stopped = stoppedBySignal(workers, timeout);
  const channels = new Set(workers.flatMap((worker) => worker.channels));
  process.stdout.write(`sluice reads ${[...channels].join(", ")}\n`);
  await stopped;
}

function stoppedBySignal(workers: readonly Worker[], timeout: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stop = (time: number) =>
      Promise.all(workers.map((worker) => worker.stop({ timeout: time }))).then(resolve, reject);
    let first: number | undefined;
    const onSignal = (signal: string) => {
      const now = systemClock.now();
      if (first !== undefined && now - first < echo) return;
      process.stdout.write(`${signal}: ${first === undefined ? "stopping" : "stopping now"}\n`);
      void stop(first === undefined ? timeout : 0);
      first ??= now;
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  });
}

/** A layer in memory, or one whose client keeps no process alive, would let this one end. */
function stayAlive(): void {
  systemClock.after(longestTimer, stayAlive);
}

/** By its shape: the module may come with another copy of this package. */
function isWorker(value: unknown): value is Worker {
  if (typeof value !== "object" || value === null) return false;
  const { stop, channels } = value as Partial<Worker>;
  return typeof stop === "function" && Array.isArray(channels);
}
