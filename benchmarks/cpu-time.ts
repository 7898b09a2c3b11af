import { readdirSync, readFileSync } from "node:fs";

/**
 * The CPU time that a process has used, in microseconds: user and system, all of its threads. Linux
 * counts it in nanoseconds, and brings it up to date at every switch and tick of the scheduler.
 */
export function cpuTime(pid: number): number {
  return sumOfThreads(pid, 0);
}

/** How long the threads of a process could have run and did not, in microseconds: others had the core. */
export function waitingTime(pid: number): number {
  return sumOfThreads(pid, 1);
}

/** The sum of a field of `schedstat`; see proc(5). */
function sumOfThreads(pid: number, field: 0 | 1): number {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const fields = readFileSync(`/proc/${pid}/task/${task}/schedstat`, "latin1").split(" ");
    nanoseconds += Number(fields[field]);
  }
  return nanoseconds / 1e3;
}
