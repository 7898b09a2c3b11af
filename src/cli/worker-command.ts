import type { Worker } from "../application/worker.ts";
import { loadModule } from "./module-file.ts";
import { print } from "./print.ts";
import { stayAlive, stoppedBySignal } from "./stop-signal.ts";
import { WrongCommand } from "./wrong-command.ts";

/**
 * Loads a module, whose workers then run, and resolves when a signal has stopped them. Handlers that
 * are at work may go on for `timeout` milliseconds; a second signal means now.
 * @throws WrongCommand for a module that exports no worker.
 */
export async function runWorkers(module: string, timeout: number): Promise<void> {
  const exported = await loadModule(module);
  const workers = Object.values(exported).filter(isWorker);
  if (workers.length === 0) {
    throw new WrongCommand(`${module} exports no worker`);
  }
  stayAlive();
  // Before it is told that all is well: whoever reads that may send one at once.
  const stop = (time: number) =>
    Promise.all(workers.map((worker) => worker.stop({ timeout: time })));
  const stopped = stoppedBySignal(timeout, stop, print);
  const channels = new Set(workers.flatMap((worker) => worker.channels));
  print(`sluice reads ${[...channels].join(", ")}`);
  await stopped;
}

/** By its shape: the module may come with another copy of this package. */
function isWorker(value: unknown): value is Worker {
  if (typeof value !== "object" || value === null) return false;
  const { stop, channels } = value as Partial<Worker>;
  return typeof stop === "function" && Array.isArray(channels);
}
