import type { Asked, Standing } from "../standing.ts";
import { digits, table } from "../table.ts";

/** What was asked of each row, with the ratio of each run, and what became of it in all of them. */
export function gateTable(standings: readonly Standing[]): string {
  const runs = Math.max(1, ...standings.map((each) => each.runs));
  const head = [
    "row",
    "asked",
    "target",
    ...Array.from({ length: runs }, (_, run) => `run ${run + 1}`),
    "all rounds",
    "gate",
  ];
  const body = standings.flatMap(({ row, gates }) =>
    gates.map((gate) => [
      row,
      gate.asked,
      gate.target === null ? "" : digits(gate.target),
      ...Array.from({ length: runs }, (_, run) => digits(gate.seen[run]?.median ?? Number.NaN)),
      allRounds(gate),
      gate.outcome,
    ]),
  );
  return table(head, body, 2);
}

/** How far a ratio went over all rounds of all runs. */
function allRounds({ seen }: Asked): string {
  const measured = seen.filter((ratio) => ratio !== null);
  if (measured.length === 0) return "";
  const min = Math.min(...measured.map((ratio) => ratio.min));
  const max = Math.max(...measured.map((ratio) => ratio.max));
  return `${digits(min)}–${digits(max)}`;
}
