import { digits } from "../table.ts";
import { linearScale, logScale, tickLabel } from "./scale.ts";
import { line, round, svg, text, width } from "./svg.ts";

/** A bar of a {@link barChart}. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** How far it went over the rounds. */
  readonly min: number;
  readonly max: number;
  /** What it has to reach, if anything. */
  readonly mark?: number;
  /** Whether it is ours. */
  readonly ours: boolean;
}

/** What a {@link barChart} shows. */
export interface BarChart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
  /** Whether the axis is logarithmic, and bars begin at 1 instead of zero. */
  readonly logarithmic: boolean;
}

const left = 146;
const right = 60;
const top = 50;
const step = 26;
const thickness = 18;

/** Horizontal bars, with how far each went. */
export function barChart({ title, unit, bars, logarithmic }: BarChart): string {
  const values = bars.flatMap(({ min, max, mark = max }) => [min, max, mark]);
  const scale = logarithmic
    ? logScale([...values, 1], left, width - right)
    : linearScale(Math.max(...values), left, width - right);
  const start = scale.at(logarithmic ? 1 : 0);
  const bottom = top + bars.length * step;
  const drawn = bars.map(({ label, value, min, max, mark, ours }, index) => {
    const y = top + index * step;
    const middle = y + thickness / 2;
    const end = scale.at(value);
    const outermost = Math.max(start, end, scale.at(max), mark === undefined ? 0 : scale.at(mark));
    return [
      text(left - 8, middle + 5, label, "end"),
      bar(Math.min(start, end), y, Math.abs(end - start), ours),
      line(scale.at(min), middle, scale.at(max), middle, "spread"),
      mark === undefined ? "" : line(scale.at(mark), y - 3, scale.at(mark), y + 21, "mark"),
      text(outermost + 6, middle + 5, digits(value), "start"),
    ].join("");
  });
  const ticks = scale.ticks.map(
    (tick) =>
      line(scale.at(tick), top - 6, scale.at(tick), bottom, "grid") +
      text(scale.at(tick), bottom + 16, tickLabel(tick), "middle", "small"),
  );
  return svg(bottom + 26, [
    text(12, 22, title, "start", "title"),
    text(12, 39, unit, "start", "small"),
    ...ticks,
    ...drawn,
  ]);
}

function bar(x: number, y: number, length: number, ours: boolean): string {
  const name = ours ? "ours" : "theirs";
  return `<rect class="${name}" x="${round(x)}" y="${y}" width="${round(length)}" height="${thickness}"/>`;
}
