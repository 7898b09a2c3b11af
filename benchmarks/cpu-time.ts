import { readdirSync, readFileSync } from "node:fs";

/**
 * The CPU time that a process has used, in microseconds: user and system, all of its threads. Linux
 * counts it in nanoseconds, and brings it up to date at every switch and tick of the scheduler.
 */
export function cpuTime(pid: number): number {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const [ran] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, "latin1").split(" ", 1);
    nanoseconds += Number(ran);
  }
  return nanoseconds / 1e3;
}
