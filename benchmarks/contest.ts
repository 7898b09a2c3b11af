import { type Machine, loadAverage } from "./machine.ts";
import { measure, type Sample } from "./measure.ts";
import type { Options } from "./options.ts";
import type { Placement } from "./placement.ts";
import type { RowResult } from "./results.ts";
import type { Rival } from "./rivals/rival.ts";
import type { Row } from "./row.ts";
import { shuffled } from "./statistics.ts";

/** What all contests of a run have in common. */
export interface Setting extends Pick<Options, "rounds" | "warmUp" | "duration" | "quick"> {
  readonly machine: Machine;
  readonly placement: Placement;
  /** Hears what was measured, as it is measured. */
  readonly progress: (round: number, rival: Rival, sample: Sample) => void;
}

/** Those who take part in a row, in order: sluice, what its gates name, and who else is wanted. */
export function entrantsOf(
  row: Row,
  rivals: readonly Rival[],
  wanted: readonly string[],
): readonly Rival[] {
  const named = row.gates.map(({ against }) => (against === "ws" ? row.ws : "raw"));
  // ws stands in for itself with bufferutil where that is not installed.
  const names = new Set(["sluice", "bare", "ws", ...named, ...wanted]);
  return rivals.filter(({ name, takesPart }) => names.has(name) && takesPart(row));
}

/**
 * Measures a row: in each round everybody once, one after the other and in another order, so that what
 * the machine does besides is shared by all.
 */
export async function contest(
  row: Row,
  entrants: readonly Rival[],
  setting: Setting,
): Promise<RowResult> {
  const { rounds, warmUp, duration, machine, placement, quick, progress } = setting;
  const present = entrants.filter(({ version }) => version !== undefined);
  const samples = new Map(present.map((rival) => [rival, [] as Sample[]]));
  const before = loadAverage();
  const date = new Date().toISOString();
  for (let round = 0; round < rounds; round += 1) {
    for (const rival of shuffled(present, Math.random)) {
      const task = { app: row.app, load: row.load, warmUp, duration };
      const sample = await measure(rival, task, placement);
      samples.get(rival)?.push(sample);
      progress(round, rival, sample);
    }
  }
  return {
    row: row.name,
    circumstances: {
      date,
      machine,
      pinned: placement.server !== undefined,
      rounds,
      duration,
      load: [before, loadAverage()],
      quick,
    },
    entrants: present.map((rival) => ({
      name: rival.name,
      version: rival.version as string,
      samples: samples.get(rival) as Sample[],
    })),
    missing: entrants.filter((rival) => !present.includes(rival)).map(({ name }) => name),
  };
}
