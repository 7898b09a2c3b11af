import { type Machine, loadAverage } from "./machine.ts";
import { measure, type Sample } from "./measure.ts";
import type { Options } from "./options.ts";
import type { Placement } from "./placement.ts";
import type { Circumstances, CurveResult, Entrant, Line, Missing, RowResult } from "./results.ts";
import type { Rival, Test } from "./rivals/rival.ts";
import type { Curve } from "./curves.ts";
import type { Row } from "./row.ts";
import { exponent, shuffled, spread } from "./statistics.ts";

/** What all contests of a run have in common. */
export interface Setting extends Pick<Options, "rounds" | "warmUp" | "duration"> {
  readonly machine: Machine;
  readonly placement: Placement;
  /** Hears what was measured, as it is measured. */
  readonly progress: (round: number, rival: Rival, sample: Sample) => void;
  /** Hears who failed. */
  readonly complain: (rival: Rival, why: string) => void;
}

/** Those who take part in a row, in order: sluice, what its gates name, and who else is wanted. */
export function entrantsOf(
  row: Row,
  rivals: readonly Rival[],
  wanted: readonly string[],
): readonly Rival[] {
  const named = row.gates.map(({ against }) => (against === "ws" ? row.ws : against));
  const names = new Set(["sluice", "bare", "minimal", row.ws, ...named, ...wanted]);
  // ws stands in for itself with bufferutil where that is not installed.
  const isThere = rivals.some(({ name, version }) => name === row.ws && version !== undefined);
  if (!isThere) names.add("ws");
  return rivals.filter(({ name, takesPart }) => names.has(name) && takesPart(row));
}

/** Measures a row. */
export async function contest(
  row: Row,
  wanted: readonly Rival[],
  setting: Setting,
): Promise<RowResult> {
  const watch = new Watch(setting);
  const { entrants, missing } = await interleave(row, wanted, setting);
  return { row: row.name, circumstances: watch.circumstances(), entrants, missing };
}

/** Measures a curve, step by step. Who cannot do a step has no points from there on. */
export async function trace(
  curve: Curve,
  rivals: readonly Rival[],
  setting: Setting,
  step: (x: number) => void,
): Promise<CurveResult> {
  const watch = new Watch(setting);
  const missing: Missing[] = [];
  const lines = new Map<string, Line["points"]>();
  for (const x of curve.steps) {
    step(x);
    const left = rivals.filter(({ name }) => missing.every((other) => other.name !== name));
    const result = await interleave(curve.test(x), left, setting);
    missing.push(...result.missing);
    for (const { name, samples } of result.entrants) {
      const y = spread(samples.map((sample) => curve.cost(sample, x)));
      lines.set(name, [...(lines.get(name) ?? []), { x, y }]);
    }
  }
  return {
    curve: curve.name,
    circumstances: watch.circumstances(),
    missing,
    lines: [...lines].map(([name, points]) => ({
      name,
      version: rivals.find((rival) => rival.name === name)?.version ?? "",
      points,
      exponent: fittedExponent(points.filter(({ x }) => x >= curve.from)),
    })),
  };
}

/** Null where there are too few points. */
function fittedExponent(points: Line["points"]): number | null {
  if (points.length < 2) return null;
  return exponent(points.map(({ x, y }) => ({ x, y: y.median })));
}

/**
 * Measures everybody: once in each round, one after the other and in another order each time, so that
 * what the machine does besides is shared by all. Who fails once is left out.
 */
async function interleave(
  { app, load }: Test,
  rivals: readonly Rival[],
  { rounds, warmUp, duration, placement, progress, complain }: Setting,
): Promise<{ readonly entrants: readonly Entrant[]; readonly missing: readonly Missing[] }> {
  const samples = new Map<Rival, Sample[]>();
  const missing: Missing[] = [];
  for (const rival of rivals) {
    if (rival.version !== undefined) samples.set(rival, []);
    else missing.push({ name: rival.name, why: "not installed" });
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const rival of shuffled([...samples.keys()], Math.random)) {
      try {
        const sample = await measure(rival, { app, load, warmUp, duration }, placement);
        samples.get(rival)?.push(sample);
        progress(round, rival, sample);
      } catch (error) {
        const why = (error as Error).message;
        samples.delete(rival);
        missing.push({ name: rival.name, why });
        complain(rival, why);
      }
    }
  }
  const entrants = [...samples].map(([{ name, version = "" }, own]) => ({
    name,
    version,
    samples: own,
  }));
  return { entrants, missing };
}

/** Looks at the machine while something is measured. */
class Watch {
  readonly #setting: Setting;
  readonly #date = new Date().toISOString();
  readonly #before = loadAverage();

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  circumstances(): Circumstances {
    const { machine, placement, rounds, warmUp, duration } = this.#setting;
    return {
      date: this.#date,
      machine,
      pinned: placement.server !== undefined,
      rounds,
      warmUp,
      duration,
      load: [this.#before, loadAverage()],
    };
  }
}
