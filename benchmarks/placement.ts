import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Which core a process runs on, alone. */
export interface Placement {
  readonly server: number | undefined;
  readonly generator: number | undefined;
}

/** The first core for the server and the last one for the generator, if they can be chosen. */
export function choosePlacement(): Placement {
  const cores = allowedCores();
  const pinned = cores.length > 1 && spawnSync("taskset", ["--version"]).status === 0;
  return pinned
    ? { server: cores[0], generator: cores.at(-1) }
    : { server: undefined, generator: undefined };
}

/** A command line that runs a command on one core. */
export function onCore(
  core: number | undefined,
  command: string,
  parameters: readonly string[],
): readonly [string, readonly string[]] {
  if (core === undefined) return [command, parameters];
  return ["taskset", ["--cpu-list", String(core), command, ...parameters]];
}

/** The cores that this process may use; none when nobody says so. */
function allowedCores(): number[] {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return coresIn(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? "");
  } catch {
    return [];
  }
}

/** The numbers in a list as Linux writes it: `0-2,5`. */
export function coresIn(list: string): number[] {
  return list
    .split(",")
    .filter((range) => range !== "")
    .flatMap((range) => {
      const [first = 0, last = first] = range.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}
