import { digits, grouped } from "./table.ts";

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

/** A line of a {@link curveChart}. */
export interface ChartLine {
  readonly label: string;
  readonly ours: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const width = 760;
const left = 190;
const right = 90;

/** Readable on light and on dark pages. */
const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 15px; }
.small { font-size: 11px; fill: #57606a; }
.axis { stroke: #8c959f; stroke-width: 1; fill: none; }
.grid { stroke: #8c959f; stroke-opacity: 0.25; }
.ours { fill: #0969da; stroke: #0969da; }
.theirs { fill: #8c959f; stroke: #8c959f; }
.spread { stroke: #24292f; stroke-width: 1.5; }
.mark { stroke: #bc4c00; stroke-width: 2; }
.line { fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.small { fill: #9198a1; }
.spread { stroke: #e6edf3; }
.ours { fill: #4493f8; stroke: #4493f8; }
}
</style>`;

/** Horizontal bars, with how far each went, on an axis from zero, or on a logarithmic one. */
export function barChart(
  title: string,
  unit: string,
  bars: readonly Bar[],
  logarithmic = false,
): string {
  const values = bars.flatMap(({ max, mark }) => [max, mark ?? 0]);
  const scale = logarithmic
    ? logScale(
        bars.flatMap(({ min, mark }) => [min, mark ?? min, 1]),
        values,
        left,
        width - right,
      )
    : linearScale(Math.max(...values), left, width - right);
  const height = 60 + bars.length * 26 + 24;
  const start = scale.at(logarithmic ? 1 : 0);
  const rows = bars.map(({ label, value, min, max, mark, ours }, index) => {
    const y = 50 + index * 26;
    const end = scale.at(value);
    const outermost = Math.max(start, end, scale.at(max), mark === undefined ? 0 : scale.at(mark));
    return [
      text(left - 8, y + 14, label, "end"),
      rect(Math.min(start, end), y, Math.abs(end - start), 18, ours),
      line(scale.at(min), y + 9, scale.at(max), y + 9, "spread"),
      mark === undefined ? "" : line(scale.at(mark), y - 3, scale.at(mark), y + 21, "mark"),
      text(outermost + 6, y + 14, digits(value), "start"),
    ].join("");
  });
  const bottom = 50 + bars.length * 26;
  const ticks = scale.ticks.map(
    (tick) =>
      line(scale.at(tick), 44, scale.at(tick), bottom, "grid") +
      text(scale.at(tick), bottom + 16, digitsOf(tick), "middle", "small"),
  );
  return svg(height, [
    text(12, 22, title, "start", "title"),
    text(12, 39, unit, "start", "small"),
    ...ticks,
    ...rows,
  ]);
}

/** Lines on two logarithmic axes: a linear cost goes up as the diagonal does. */
export function curveChart(
  title: string,
  axes: { readonly x: string; readonly y: string },
  lines: readonly ChartLine[],
): string {
  const height = 380;
  const points = lines.flatMap((each) => each.points);
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const across = logScale(xs, xs, 80, width - 150);
  const up = logScale(ys, ys, height - 60, 50);
  const grid = [
    ...across.ticks.map(
      (tick) =>
        line(across.at(tick), 50, across.at(tick), height - 60, "grid") +
        text(across.at(tick), height - 42, digitsOf(tick), "middle", "small"),
    ),
    ...up.ticks.map(
      (tick) =>
        line(80, up.at(tick), width - 150, up.at(tick), "grid") +
        text(72, up.at(tick) + 4, digitsOf(tick), "end", "small"),
    ),
  ];
  const drawn = lines.map(({ label, ours, points: own }) => {
    const name = ours ? "ours" : "theirs";
    const path = own.map(({ x, y }) => `${round(across.at(x))},${round(up.at(y))}`).join(" ");
    const dots = own.map(
      ({ x, y }) =>
        `<circle class="${name}" cx="${round(across.at(x))}" cy="${round(up.at(y))}" r="3"/>`,
    );
    return `<polyline class="line ${name}" style="fill:none" points="${path}"/>${dots.join("")}${legend(label, own, across, up)}`;
  });
  return svg(height, [
    text(12, 22, title, "start", "title"),
    text(12, 39, axes.y, "start", "small"),
    text((width - 70) / 2, height - 16, axes.x, "middle", "small"),
    ...grid,
    ...drawn,
  ]);
}

function legend(label: string, points: ChartLine["points"], across: Scale, up: Scale): string {
  const last = points.at(-1);
  return last === undefined ? "" : text(across.at(last.x) + 8, up.at(last.y) + 4, label, "start");
}

/** Where a value is. */
interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

function linearScale(max: number, start: number, end: number): Scale {
  const rough = max / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const top = Math.ceil(max / step) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  return { ticks, at: (value) => start + ((end - start) * value) / top };
}

/** From one power of ten to another, whichever way it goes on the page. */
function logScale(
  low: readonly number[],
  high: readonly number[],
  start: number,
  end: number,
): Scale {
  const first = Math.floor(Math.log10(Math.min(...low)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...high))));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
  return {
    ticks,
    at: (value) => start + ((end - start) * (Math.log10(value) - first)) / (last - first),
  };
}

function svg(height: number, parts: readonly string[]): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`;
  return `${head}\n${style}\n${parts.join("\n")}\n</svg>\n`;
}

function text(x: number, y: number, content: string, anchor: string, name = ""): string {
  const kind = name === "" ? "" : ` class="${name}"`;
  return `<text${kind} x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function rect(x: number, y: number, across: number, height: number, ours: boolean): string {
  const name = ours ? "ours" : "theirs";
  return `<rect class="${name}" x="${round(x)}" y="${y}" width="${round(across)}" height="${height}"/>`;
}

function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  return `<line class="${name}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function digitsOf(tick: number): string {
  return tick >= 1 ? grouped(tick) : String(Number(tick.toPrecision(1)));
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
