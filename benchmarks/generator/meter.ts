import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuTime, waitingTime } from "../cpu-time.ts";
import type { Measurement } from "../load.ts";
import { Histogram } from "./histogram.ts";

/** Counts messages, the clock, and the CPU time of the server and of this process, from `start` on. */
export class Meter {
  readonly latencies: Histogram = new Histogram();
  messages = 0;
  readonly #pid: number;
  #started = 0;
  #serverCpu = 0;
  #serverWaited = 0;
  #ownCpu = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  start(): void {
    this.latencies.clear();
    this.messages = 0;
    this.#serverCpu = cpuTime(this.#pid);
    this.#serverWaited = waitingTime(this.#pid);
    this.#ownCpu = ownCpuTime();
    this.#started = performance.now();
  }

  stop(): Omit<Measurement, "extension" | "replySize"> {
    const microseconds = (performance.now() - this.#started) * 1e3;
    const serverCpu = cpuTime(this.#pid) - this.#serverCpu;
    const serverShare = serverCpu / microseconds;
    const waited = (waitingTime(this.#pid) - this.#serverWaited) / microseconds;
    return {
      messages: this.messages,
      seconds: microseconds / 1e6,
      serverCpu,
      serverShare,
      // Threads of a server wait for one another, too: others had at most what it left of its core.
      waitingShare: Math.max(0, Math.min(waited, 1 - serverShare)),
      generatorShare: (ownCpuTime() - this.#ownCpu) / microseconds,
      p50: this.latencies.quantile(0.5),
      p99: this.latencies.quantile(0.99),
    };
  }
}

/**
 * Waits until a process has used so much more CPU time, in milliseconds, and ten times as long at the
 * most: what a busy machine takes from it, or what it does not use, makes the wait longer.
 */
export async function work(pid: number, milliseconds: number): Promise<void> {
  const enough = cpuTime(pid) + milliseconds * 1e3;
  const deadline = performance.now() + 10 * milliseconds;
  while (performance.now() < deadline) {
    const left = (enough - cpuTime(pid)) / 1e3;
    if (left <= 0) return;
    await sleep(Math.min(Math.max(left, 5), deadline - performance.now()));
  }
}

function ownCpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
