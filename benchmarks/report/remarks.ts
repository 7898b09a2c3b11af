import type { Sample } from "../measure.ts";
import type { Entrant, RowResult } from "../results.ts";
import { spread } from "../statistics.ts";

/** What one has to know to read a row. */
export function remarks({ entrants, missing }: RowResult): string[] {
  const limited = entrants.filter(({ samples }) => generatorWasTheLimit(samples));
  const names = limited.map(({ name }) => name).join(", ");
  const waited = Math.round(100 * Math.max(...entrants.map(waitingShare)));
  return [
    ...(waited < 10
      ? []
      : [`The machine was busy: others had a server's core up to ${waited} % of the time.`]),
    ...missing.map(({ name, why }) => `${name} is missing: ${why}.`),
    ...(names === ""
      ? []
      : [`The generator was the limit for ${names}: they can do more in a second.`]),
  ];
}

/** How much of the time a server may have had nothing to do. */
const idle = 0.05;

/**
 * Whether a server could have done more. Something is always in flight: a server that has nothing to do,
 * and could have its core, waits for the generator.
 */
export function generatorWasTheLimit(samples: readonly Sample[]): boolean {
  const used = samples.map(({ serverShare, waitingShare }) => serverShare + waitingShare);
  return spread(used).median < 1 - idle;
}

function waitingShare({ samples }: Entrant): number {
  return spread(samples.map((sample) => sample.waitingShare)).median;
}
