import type { Sample } from "./measure.ts";
import type { RowResult } from "./results.ts";
import type { Figure, Gate, Row } from "./row.ts";
import { ratios, type Spread, spread } from "./statistics.ts";

/** What became of something that is asked. */
export interface Verdict {
  /** What is asked, in a few words. */
  readonly asked: string;
  /** The ratio that was seen; undefined when an opponent is missing. */
  readonly seen: Spread | undefined;
  /** Whether it was reached; undefined when nobody can say. */
  readonly passed: boolean | undefined;
  /** Whether the target was, too. */
  readonly onTarget: boolean;
}

/** How far the whole stack may be behind the bare engine. */
const stackShare = 1.15;

/** How far the slowest of a hundred round trips may be behind that of ws. */
const tail = 1.1;

/** Holds what came out of a row against its gates, and against those of all rows. */
export function verdicts(row: Row, result: RowResult): Verdict[] {
  const all = row.gates.map((gate) => judge(gate, opponent(row, gate.against, result), result));
  return [...all, ...judgeStack(result), ...judgeTail(row, result)];
}

/** The rival that an opponent's name means here: ws without bufferutil where that is missing. */
export function opponent(row: Row, against: "ws" | "raw", { entrants }: RowResult): string {
  if (against === "raw") return "raw";
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

/** How many times as much CPU time one needs as another does; undefined when one of them is missing. */
export function times(result: RowResult, one: string, other: string): Spread | undefined {
  const more = figures(result, one, "cpu");
  const less = figures(result, other, "cpu");
  return more && less && ratios(more, less);
}

const figureNames: Readonly<Record<Figure, string>> = {
  cpu: "",
  rss: "memory ",
  heap: "heap ",
};

function judge(gate: Gate, against: string, result: RowResult): Verdict {
  const { figure, atLeast, atMost, target } = gate;
  if (atLeast !== undefined) {
    const seen = times(result, against, "sluice");
    return {
      asked: `≥ ${atLeast} × ${against}`,
      seen,
      passed: seen && seen.median >= atLeast,
      onTarget: seen !== undefined && seen.median >= target,
    };
  }
  const ours = figures(result, "sluice", figure);
  const theirs = figures(result, against, figure);
  const seen = ours && theirs && ratios(ours, theirs);
  return {
    asked: `${figureNames[figure]}≤ ${atMost} × ${against}`,
    seen,
    passed: seen && seen.median <= (atMost as number),
    onTarget: seen !== undefined && seen.median <= target,
  };
}

function judgeStack(result: RowResult): Verdict[] {
  const seen = times(result, "sluice", "bare");
  if (seen === undefined) return [];
  const passed = seen.median <= stackShare;
  return [{ asked: `stack ≤ ${stackShare} × bare`, seen, passed, onTarget: passed }];
}

/** The tail may be longer where that is within the noise: where rounds of both overlap. */
function judgeTail(row: Row, result: RowResult): Verdict[] {
  const against = opponent(row, "ws", result);
  const ours = figures(result, "sluice", "p99");
  const theirs = figures(result, against, "p99");
  if (row.load.kind === "open" || !ours || !theirs) return [];
  const seen = ratios(ours, theirs);
  const overlap = spread(ours).min <= spread(theirs).max;
  const passed = seen.median <= tail || overlap;
  return [{ asked: `p99 ≤ ${tail} × ${against}`, seen, passed, onTarget: passed }];
}
