import type { RowResult } from "../results.ts";
import type { Row } from "../row.ts";
import type { Spread } from "../statistics.ts";
import { digits, range, table } from "../table.ts";
import { figureOf, opponent, times } from "../verdict.ts";

/** A row with a run of it in which others took part. */
export type RivalRun = readonly [Row, RowResult];

/** How many times as much ws needs as each, row by row; empty where somebody does not take part. */
export function rivalTable(runs: readonly RivalRun[]): string {
  const names = new Set(runs.flatMap(([, { entrants }]) => entrants.map(({ name }) => name)));
  const body = runs.map(([row, result]) => [
    row.name,
    ...[...names].map((name) => {
      const seen = times(result, opponent(row, "ws", result), name, figureOf(row));
      return seen === undefined ? "" : digits(seen.median);
    }),
  ]);
  return table(["row", ...names], body);
}

/** Who is there to compare with, and no server that anybody would use. */
const yardsticks: ReadonlySet<string> = new Set(["bare", "raw", "minimal"]);

/** Who needs less than sluice, and where. */
export function winners(runs: readonly RivalRun[]): string {
  const wins = new Map<string, string[]>();
  for (const [row, result] of runs) {
    for (const { name, version } of result.entrants) {
      const part = yardsticks.has(name) ? undefined : partOf(row, result, name);
      if (part === undefined || part.median >= 1) continue;
      const rival = `**${name}** (${version})`;
      wins.set(rival, [...(wins.get(rival) ?? []), `${row.name} ${range(part)}`]);
    }
  }
  if (wins.size === 0) return "Nobody needed less than sluice in these rows.";
  const list = [...wins].map(([rival, where]) => `- ${rival}: ${where.join(", ")}`);
  return ["Who needs less than sluice, and what part of it:", "", ...list].join("\n");
}

/** What part of sluice's cost a rival has. */
function partOf(row: Row, result: RowResult, name: string): Spread | undefined {
  return times(result, name, "sluice", figureOf(row));
}
