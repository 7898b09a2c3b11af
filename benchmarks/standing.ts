import type { MeasuredRow } from "./results.ts";
import type { Spread } from "./statistics.ts";
import { type Outcome, outcomes, verdicts } from "./verdict.ts";

/** Something that is asked of a row, and what became of it. */
export interface Asked {
  /** What is asked, in a few words. */
  readonly asked: string;
  readonly target: number | null;
  /** The ratio of each run, the oldest one first; null where it was not measured. */
  readonly seen: readonly (Spread | null)[];
  /** The worst that became of it. */
  readonly outcome: Outcome;
}

/** Where a row stands after its runs. */
export interface Standing {
  readonly row: string;
  readonly runs: number;
  /** The worst that became of anything that is asked. */
  readonly outcome: Outcome;
  readonly gates: readonly Asked[];
}

/** Holds all runs of a row against what is asked of each. */
export function standing({ row, runs }: MeasuredRow): Standing {
  const all = runs.map((result) => verdicts(row, result));
  const questions = new Set(all.flatMap((verdicts) => verdicts.map(({ asked }) => asked)));
  const gates = [...questions].map((asked): Asked => {
    const answers = all.map((verdicts) => verdicts.find((verdict) => verdict.asked === asked));
    return {
      asked,
      target: answers.find((verdict) => verdict !== undefined)?.target ?? null,
      seen: answers.map((verdict) => verdict?.seen ?? null),
      outcome: worst(answers.map((verdict) => verdict?.outcome ?? "not measured")),
    };
  });
  return {
    row: row.name,
    runs: runs.length,
    outcome: worst(gates.map(({ outcome }) => outcome)),
    gates,
  };
}

/** What was not measured for want of a rival does not count as long as something else was. */
export function worst(all: readonly Outcome[]): Outcome {
  const index = Math.max(0, ...all.map((outcome) => outcomes.indexOf(outcome)));
  return outcomes[index] as Outcome;
}

/** How all of it stands, in a sentence or two, each on a line. */
export function summary(standings: readonly Standing[]): string {
  const missed = standings.filter(({ outcome }) => outcome === "NOT MET");
  const unknown = standings.filter(({ outcome }) => outcome === "not measured");
  const met = standings.length - missed.length - unknown.length;
  const runs = standings.filter((each) => each.runs > 0).map((each) => each.runs);
  const fewest = Math.min(...runs);
  const most = Math.max(...runs);
  const times =
    most === 1 ? "1 run" : `each of ${fewest === most ? most : `${fewest} to ${most}`} runs`;
  return [
    `In ${times}, ${met} of ${standings.length} rows met all that is asked of them.`,
    ...named("Not met", missed),
    ...named("Not measured", unknown),
  ].join("\n");
}

function named(what: string, standings: readonly Standing[]): string[] {
  if (standings.length === 0) return [];
  return [`${what}: ${standings.map(({ row }) => row).join(", ")}.`];
}
