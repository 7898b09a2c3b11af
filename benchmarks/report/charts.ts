import type { Curve } from "../curves.ts";
import type { CurveResult, MeasuredRow, RowResult } from "../results.ts";
import type { Row } from "../row.ts";
import { spread } from "../statistics.ts";
import { digits } from "../table.ts";
import { figureOf, opponent, times } from "../verdict.ts";
import { type Bar, barChart } from "./bar-chart.ts";
import { curveChart } from "./curve-chart.ts";

/** What each rival needs in a row: CPU time, or memory where the row is about that. */
export function rowChart(row: Row, { entrants }: RowResult): string {
  const figure = figureOf(row);
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
  return barChart({ title: row.title, unit, bars, logarithmic: false });
}

/** How many times as much ws needs, row by row: the median run, all rounds, and what is asked. */
export function gateChart(rows: readonly MeasuredRow[]): string {
  const bars = rows.flatMap(({ row, runs }): Bar[] => {
    const [gate] = row.gates;
    const seen = runs.flatMap(
      (result) => times(result, opponent(row, "ws", result), "sluice", figureOf(row)) ?? [],
    );
    if (gate === undefined || seen.length === 0) return [];
    return [
      {
        label: row.name,
        ours: true,
        value: spread(seen.map(({ median }) => median)).median,
        min: Math.min(...seen.map(({ min }) => min)),
        max: Math.max(...seen.map(({ max }) => max)),
        // For memory a part is asked: its reciprocal is how many times as much ws holds.
        mark: gate.atLeast ?? 1 / (gate.atMost ?? 1),
      },
    ];
  });
  return barChart({
    title: "sluice and ws",
    unit: "how many times as much ws needs (idle: memory); the mark is asked",
    bars,
    logarithmic: true,
  });
}

/** A curve of everybody who took part. */
export function curveChartOf({ title, x, y }: Curve, { lines }: CurveResult): string {
  return curveChart({
    title,
    x,
    y,
    legend: "exponent",
    lines: lines.map(({ name, points, exponent }) => ({
      label: `${name} ${digits(exponent ?? Number.NaN)}`,
      ours: name === "sluice",
      points: points.map((point) => ({ x: point.x, y: point.y.median })),
    })),
  });
}
