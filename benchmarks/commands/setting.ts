import type { Archive } from "../archive.ts";
import type { Setting } from "../contest.ts";
import { loadAverage, thisMachine } from "../machine.ts";
import type { Options } from "../options.ts";
import { choosePlacement } from "../placement.ts";
import { say } from "../say.ts";
import { digits } from "../table.ts";

/** How long a measurement takes besides the server's work, in milliseconds: about. */
const startUp = 600;

/** What is measured on this machine as the options have it, with progress on the terminal. */
export function settingOf({ rounds, warmUp, duration }: Options): Setting {
  return {
    rounds,
    warmUp,
    duration,
    machine: thisMachine(),
    placement: choosePlacement(),
    complain: (rival, why) => say(`${rival.name} is left out: ${why}`),
    progress: (round, rival, { cpu, perSecond }) => {
      say(`round ${round + 1}  ${rival.name.padEnd(16)} ${digits(cpu)} µs  ${digits(perSecond)}/s`);
    },
  };
}

/** Says where and how something is measured, and how long so many measurements in a round take. */
export function sayBeginning(setting: Setting, measurements: number): void {
  const { machine, placement, rounds, warmUp, duration } = setting;
  const { cpu, cores, system, node } = machine;
  const minutes = (measurements * rounds * (startUp + warmUp + duration)) / 60_000;
  say(`${cpu}, ${cores} cores, ${system}, Node.js ${node}`);
  say(
    placement.server === undefined
      ? "server and generator share all cores: there is no taskset, or only one core"
      : `server on core ${placement.server}, generator on core ${placement.generator}`,
  );
  say(`rounds: ${rounds}, each ${warmUp} ms of work to warm up, and ${duration} ms measured`);
  say(`about ${digits(minutes)} minutes; load average ${digits(loadAverage())}`);
}

/** Says where the results are. */
export function sayEnd({ folder }: Archive): void {
  say(`\nload average ${digits(loadAverage())} at the end; results are in ${folder}`);
}
