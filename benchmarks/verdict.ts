import type { Sample } from "./measure.ts";
import type { RowResult } from "./results.ts";
import type { Figure, Gate, Opponent, Row } from "./row.ts";
import { ratios, type Spread, spread } from "./statistics.ts";

/** What can become of something that is asked, the worst at the end. */
export const outcomes = [
  "not measured",
  "met",
  "met, below target",
  "met within the noise",
  "NOT MET",
] as const;

export type Outcome = (typeof outcomes)[number];

/** What became of something that is asked. */
export interface Verdict {
  /** What is asked, in a few words. */
  readonly asked: string;
  /** The ratio that one would like to see; undefined where nothing else is asked. */
  readonly target: number | undefined;
  /** The ratio that was seen; undefined when an opponent is missing. */
  readonly seen: Spread | undefined;
  readonly outcome: Outcome;
}

/** How far the whole stack may be behind the bare engine. */
const stackShare = 1.15;

/** How far the slowest of a hundred round trips may be behind that of ws. */
const tail = 1.1;

/** Holds what came out of a row against its gates, and against those of all rows. */
export function verdicts(row: Row, result: RowResult): Verdict[] {
  const all = row.gates.map((gate) => judge(gate, opponent(row, gate.against, result), result));
  return [...all, ...judgeStack(row, result), ...judgeTail(row, result)];
}

/** The rival that an opponent's name means here: ws without bufferutil where that is missing. */
export function opponent(row: Row, against: Opponent, { entrants }: RowResult): string {
  if (against !== "ws") return against;
  return entrants.some(({ name }) => name === row.ws) ? row.ws : "ws";
}

/** A figure of a rival, in each round. */
export function figures(
  result: RowResult,
  name: string,
  figure: Figure | "p99",
): readonly number[] | undefined {
  const samples = result.entrants.find((entrant) => entrant.name === name)?.samples;
  const values = samples?.map((sample: Sample) => sample[figure]);
  return values?.every((value) => value !== undefined) ? values : undefined;
}

/** How many times as much of something one needs as another does; undefined when one is missing. */
export function times(
  result: RowResult,
  one: string,
  other: string,
  figure: Figure | "p99" = "cpu",
): Spread | undefined {
  const more = figures(result, one, figure);
  const less = figures(result, other, figure);
  return more && less && ratios(more, less);
}

/** What a row is about: the figure of its first gate. */
export function figureOf({ gates }: Row): Figure {
  return gates[0]?.figure ?? "cpu";
}

const figureNames: Readonly<Record<Figure, string>> = {
  cpu: "",
  rss: "memory ",
  heap: "heap ",
};

function judge(gate: Gate, against: string, result: RowResult): Verdict {
  const { figure, atLeast, atMost, target } = gate;
  if (atLeast !== undefined) {
    const seen = times(result, against, "sluice", figure);
    return {
      asked: `≥ ${atLeast} × ${against}`,
      target,
      seen,
      outcome: outcomeOf(
        seen,
        (ratio) => ratio >= atLeast,
        (ratio) => ratio >= target,
      ),
    };
  }
  const seen = times(result, "sluice", against, figure);
  return {
    asked: `${figureNames[figure]}≤ ${atMost} × ${against}`,
    target,
    seen,
    outcome: outcomeOf(
      seen,
      (ratio) => ratio <= (atMost as number),
      (ratio) => ratio <= target,
    ),
  };
}

function outcomeOf(
  seen: Spread | undefined,
  passes: (ratio: number) => boolean,
  isOnTarget: (ratio: number) => boolean,
): Outcome {
  if (seen === undefined) return "not measured";
  if (!passes(seen.median)) return "NOT MET";
  return isOnTarget(seen.median) ? "met" : "met, below target";
}

function judgeStack(row: Row, result: RowResult): Verdict[] {
  const seen = times(result, "sluice", "bare", figureOf(row));
  if (seen === undefined) return [];
  const outcome = seen.median <= stackShare ? "met" : "NOT MET";
  return [{ asked: `stack ≤ ${stackShare} × bare`, target: undefined, seen, outcome }];
}

/** The tail may be longer where that is within the noise: where rounds of both overlap. */
function judgeTail(row: Row, result: RowResult): Verdict[] {
  const against = opponent(row, "ws", result);
  const ours = figures(result, "sluice", "p99");
  const theirs = figures(result, against, "p99");
  if (row.load.kind === "open" || !ours || !theirs) return [];
  const seen = ratios(ours, theirs);
  const overlap = spread(ours).min <= spread(theirs).max;
  const outcome = seen.median <= tail ? "met" : overlap ? "met within the noise" : "NOT MET";
  return [{ asked: `p99 ≤ ${tail} × ${against}`, target: undefined, seen, outcome }];
}
