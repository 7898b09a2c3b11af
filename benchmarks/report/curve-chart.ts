import { placed } from "./labels.ts";
import { logScale, type Scale, tickLabel } from "./scale.ts";
import { line, round, svg, text, width, widthOf } from "./svg.ts";

/** A line of a {@link curveChart}. */
export interface ChartLine {
  readonly label: string;
  readonly ours: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** What a {@link curveChart} shows. */
export interface CurveChart {
  readonly title: string;
  /** What is on the axes. */
  readonly x: string;
  readonly y: string;
  /** What the labels behind the lines say. */
  readonly legend: string;
  readonly lines: readonly ChartLine[];
}

const height = 340;
const top = 60;
const bottom = height - 60;
const left = 48;

/** Lines on two logarithmic axes: a linear cost goes up as the diagonal does. */
export function curveChart({ title, x, y, legend, lines }: CurveChart): string {
  const points = lines.flatMap((each) => each.points);
  const labels = Math.max(...[legend, ...lines.map(({ label }) => label)].map(widthOf));
  const right = width - 30 - labels;
  const across = logScale(
    points.map((point) => point.x),
    left,
    right,
  );
  const up = logScale(
    points.map((point) => point.y),
    bottom,
    top,
  );
  const grid = [
    ...across.ticks.map(
      (tick) =>
        line(across.at(tick), top, across.at(tick), bottom, "grid") +
        text(across.at(tick), bottom + 18, tickLabel(tick), "middle", "small"),
    ),
    ...up.ticks.map(
      (tick) =>
        line(left, up.at(tick), right, up.at(tick), "grid") +
        text(left - 6, up.at(tick) + 4, tickLabel(tick), "end", "small"),
    ),
  ];
  const ends = lines.map((each) => up.at(each.points.at(-1)?.y ?? 1));
  const places = placed(ends, top, bottom);
  return svg(height, [
    text(12, 22, title, "start", "title"),
    text(12, 41, y, "start", "small"),
    text(right + 22, 41, legend, "start", "small"),
    text((left + right) / 2, height - 18, x, "middle", "small"),
    ...grid,
    ...lines.map((each, index) => drawn(each, across, up, right + 22, places[index] as number)),
  ]);
}

/** A line, with its label where there is room for it, and a thin line that leads there. */
function drawn(
  { label, ours, points }: ChartLine,
  across: Scale,
  up: Scale,
  x: number,
  y: number,
): string {
  const last = points.at(-1);
  if (last === undefined) return "";
  const name = ours ? "ours" : "theirs";
  const at = points.map((point) => [round(across.at(point.x)), round(up.at(point.y))] as const);
  return [
    line(across.at(last.x), up.at(last.y), x - 3, y, "grid"),
    `<polyline class="line ${name}" style="fill:none" points="${at.join(" ")}"/>`,
    ...at.map(([cx, cy]) => `<circle class="${name}" cx="${cx}" cy="${cy}" r="3"/>`),
    text(x, y + 4, label, "start"),
  ].join("");
}
