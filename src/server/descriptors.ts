import { readdirSync, readFileSync } from "node:fs";

/** What part of its file descriptors a process may spend on connections. */
const share = 0.9;

/**
 * How many connections this process can take: nine tenths of the file descriptors that the system
 * allows it, less those in use. At the limit itself the system would accept connections and close
 * them at once, with no word to anybody. Undefined where the system does not tell its limit.
 */
export function connectionRoom(): number | undefined {
  try {
    const limits = readFileSync("/proc/self/limits", "latin1");
    return roomBelow(limits, readdirSync("/proc/self/fd").length);
  } catch {
    return undefined;
  }
}

/** The same, of the text of `/proc/self/limits` and the number of descriptors in use. */
export function roomBelow(limits: string, used: number): number | undefined {
  const limit = /^Max open files +(\d+)/m.exec(limits)?.[1];
  return limit === undefined ? undefined : Math.max(1, Math.floor(Number(limit) * share) - used);
}
