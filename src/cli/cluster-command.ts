import cluster from "node:cluster";
import process from "node:process";
import { systemClock } from "../internal/clock.ts";
import { openOffice } from "../layers/cluster/cluster-office.ts";
import { print } from "./print.ts";
import type { Ready } from "./serve-command.ts";
import { stoppedBySignal } from "./stop-signal.ts";
import { type Child, type ChildEvents, Supervisor } from "./supervisor.ts";

/**
 * Runs a module in several processes, with a post office for their layers, until a signal has stopped
 * them; resolves with the exit code. SIGUSR2 replaces them one by one.
 */
export async function serveCluster(
  module: string,
  workers: number,
  timeout: number,
): Promise<number> {
  cluster.setupPrimary({ args: ["serve", module, "--timeout", String(timeout)] });
  const office = openOffice();
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

function fork(events: ChildEvents): Child {
  const worker = cluster.fork();
  worker.on("message", (message: unknown) => {
    if (isReady(message)) events.ready(message.urls);
  });
  worker.once("exit", (code: number | null, signal: string | null) => {
    events.exit(signal === null || signal === "" ? `ended with ${code}` : `was ended by ${signal}`);
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
