import cluster from "node:cluster";
import process from "node:process";
import { systemClock } from "../internal/clock.ts";
import { openOffice } from "../layers/cluster/cluster-office.ts";
import { findModule } from "./module-file.ts";
import { print, warn } from "./print.ts";
import type { Ready } from "./serve-command.ts";
import { stoppedBySignal } from "./stop-signal.ts";
import { type Child, type ChildEvents, Supervisor } from "./supervisor.ts";

/**
 * Runs a module in several processes, with a post office for their layers, until a signal has stopped
 * them; resolves with the exit code. SIGUSR2 replaces them one by one.
 * @throws WrongCommand (as a rejection) for a module that is no file.
 */
export async function serveCluster(
  module: string,
  workers: number,
  timeout: number,
): Promise<number> {
  // What is told here is told once, not by each worker.
  findModule(module);
  cluster.setupPrimary({ args: ["serve", module, "--timeout", String(timeout)] });
  const office = openOffice();
  let isWarned = workers === 1;
  const fork = (events: ChildEvents): Child =>
    start((ready) => {
      if (ready.isAlone && !isWarned) {
        isWarned = true;
        warn(splitWarning(workers));
      }
      events.ready(ready.urls);
    }, events.exit);
  const supervisor = new Supervisor({
    workers,
    timeout,
    clock: systemClock,
    random: Math.random,
    fork,
    print,
  });
  const ended = supervisor.run();
  process.on("SIGUSR2", () => {
    print("SIGUSR2: replacing the workers one by one");
    void supervisor.restart();
  });
  const stop = (_time: number, signal: NodeJS.Signals) => {
    supervisor.stop(signal);
    return ended;
  };
  void stoppedBySignal(timeout, stop, print);
  const code = await ended;
  office.close();
  return code;
}

/** What a chat in several processes would not say by itself: half of it would just be missing. */
function splitWarning(workers: number): string {
  return (
    `the layer of the server is memoryLayer(), and each of the ${workers} workers has its own: a group ` +
    "reaches only the members in the same worker. Give serve the option layer: clusterLayer() of " +
    "sluice/layers/cluster joins the workers of this machine, redisLayer(…) and natsLayer(…) join machines"
  );
}

function start(onReady: (ready: Ready) => void, onExit: (how: string) => void): Child {
  const worker = cluster.fork();
  worker.on("message", (message: unknown) => {
    if (isReady(message)) onReady(message);
  });
  worker.once("exit", (code: number | null, signal: string | null) => {
    onExit(signal === null || signal === "" ? `ended with ${code}` : `was ended by ${signal}`);
  });
  const { process: child } = worker;
  return {
    pid: child.pid ?? 0,
    kill: (signal) => void child.kill(signal),
  };
}

function isReady(message: unknown): message is Ready {
  return (message as Partial<Ready> | null | undefined)?.sluice === "ready";
}
