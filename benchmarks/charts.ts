import { type Bar, barChart, curveChart } from "./chart.ts";
import type { Curve } from "./curves.ts";
import type { CurveResult, RowResult } from "./results.ts";
import type { Row } from "./row.ts";
import { spread } from "./statistics.ts";
import { digits } from "./table.ts";
import { verdicts } from "./verdict.ts";

/** What each rival needs in a row: CPU time, or memory where the row is about that. */
export function rowChart(row: Row, { entrants }: RowResult): string {
  const figure = row.gates[0]?.figure ?? "cpu";
  const unit =
    figure === "cpu"
      ? `µs of CPU time for each ${row.load.kind === "open" ? "connection" : "message"}; less is better`
      : "bytes of resident memory for each connection; less is better";
  const bars = entrants.flatMap(({ name, samples }): Bar[] => {
    const values = samples.flatMap((sample) => sample[figure] ?? []);
    if (values.length === 0) return [];
    const { median, min, max } = spread(values);
    return [{ label: name, value: median, min, max, ours: name === "sluice" }];
  });
  return barChart(row.title, unit, bars);
}

/** How much better than ws sluice is, row by row, with what was asked. */
export function ratioChart(results: readonly (readonly [Row, RowResult])[]): string {
  const bars = results.flatMap(([row, result]): Bar[] => {
    const gate = row.gates[0];
    const [first] = verdicts(row, result);
    if (gate === undefined || first?.seen === undefined) return [];
    const { median, min, max } = first.seen;
    // For memory a part is asked: its reciprocal is how many times as much ws holds.
    const part = gate.atLeast === undefined;
    return [
      {
        label: row.name,
        ours: true,
        value: part ? 1 / median : median,
        min: part ? 1 / max : min,
        max: part ? 1 / min : max,
        mark: gate.atLeast ?? 1 / (gate.atMost ?? 1),
      },
    ];
  });
  const unit =
    "how many times as much CPU time (idle: memory) ws needs; the mark is what was asked";
  return barChart("sluice and ws", unit, bars, true);
}

/** A curve of everybody who took part. */
export function lineChart({ title, x, y }: Curve, { lines }: CurveResult): string {
  return curveChart(
    title,
    { x, y },
    lines.map(({ name, points, exponent }) => ({
      label: `${name}, exponent ${digits(exponent ?? Number.NaN)}`,
      ours: name === "sluice",
      points: points.map((point) => ({ x: point.x, y: point.y.median })),
    })),
  );
}
