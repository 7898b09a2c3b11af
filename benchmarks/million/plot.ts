import { digits } from "../table.ts";

/** A line of a {@link plot}. */
export interface PlotLine {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly isDashed?: boolean;
}

/** What a {@link plot} shows. */
export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly PlotLine[];
  /** Which axes are logarithmic. */
  readonly logarithmic?: "x" | "both";
}

const width = 760;
const height = 380;
const left = 70;
const right = 220;
const top = 54;
const bottom = 54;

/** Readable on light and on dark pages; the six colours can be told apart by those who see few. */
const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 15px; }
.small { font-size: 11px; fill: #57606a; }
.grid { stroke: #8c959f; stroke-opacity: 0.3; }
polyline { fill: none; stroke-width: 2; }
.dashed { stroke-dasharray: 6 4; }
.c0 { stroke: #0969da; } .c1 { stroke: #bc4c00; } .c2 { stroke: #1a7f37; }
.c3 { stroke: #8250df; } .c4 { stroke: #bf3989; } .c5 { stroke: #6e7781; }
circle { fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.small { fill: #9198a1; }
.c0 { stroke: #4493f8; } .c1 { stroke: #f0883e; } .c2 { stroke: #3fb950; }
.c3 { stroke: #ab7df8; } .c4 { stroke: #f778ba; } .c5 { stroke: #9198a1; }
}
</style>`;

/** Lines over two axes, as SVG. */
export function plot({ title, x, y, lines, logarithmic }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const across = scale(
    points.map((point) => point.x),
    logarithmic !== undefined,
    left,
    width - right,
  );
  const up = scale(
    points.map((point) => point.y),
    logarithmic === "both",
    height - bottom,
    top,
  );
  const parts = [
    text(12, 22, title, "start", "title"),
    text(12, 40, y, "start", "small"),
    text((left + width - right) / 2, height - 12, x, "middle", "small"),
    ...across.ticks.map((tick) => {
      const at = across.at(tick);
      return (
        rule(at, top, at, height - bottom) +
        text(at, height - bottom + 18, digitsOf(tick), "middle", "small")
      );
    }),
    ...up.ticks.map((tick) => {
      const at = up.at(tick);
      return (
        rule(left, at, width - right, at) + text(left - 8, at + 4, digitsOf(tick), "end", "small")
      );
    }),
    ...lines.map((line, index) => drawn(line, index, across, up)),
    ...labels(lines, across, up),
  ];
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`;
  return `${head}\n${style}\n${parts.join("\n")}\n</svg>\n`;
}

function drawn({ points, isDashed }: PlotLine, index: number, across: Scale, up: Scale): string {
  const path = points.map((point) => `${round(across.at(point.x))},${round(up.at(point.y))}`);
  const dots =
    points.length > 9
      ? []
      : points.map(
          (point) =>
            `<circle class="c${index}" cx="${round(across.at(point.x))}" cy="${round(up.at(point.y))}" r="3"/>`,
        );
  const dashed = isDashed === true ? " dashed" : "";
  return `<polyline class="c${index}${dashed}" points="${path.join(" ")}"/>${dots.join("")}`;
}

/** Beside the ends of their lines, as close to them as there is room; each with its colour. */
function labels(lines: readonly PlotLine[], across: Scale, up: Scale): string[] {
  const wanted = lines.map(({ label, points, isDashed }, index) => {
    const end = points.at(-1) ?? { x: 0, y: 0 };
    return { label, index, isDashed, x: across.at(end.x), y: up.at(end.y) };
  });
  const sorted = wanted.toSorted((one, other) => one.y - other.y || one.x - other.x);
  const room = 18;
  let free = top + 4;
  const least = height - bottom - (sorted.length - 1) * room;
  return sorted.map(({ label, index, y, isDashed }, place) => {
    const at = Math.max(free, Math.min(y, least + place * room));
    free = at + room;
    const start = width - right + 12;
    const dashed = isDashed === true ? " dashed" : "";
    return `<polyline class="c${index}${dashed}" points="${start},${round(at)} ${start + 16},${round(at)}"/>${text(start + 22, at + 4, label, "start", "")}`;
  });
}

/** Where a value is. */
interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

function scale(
  values: readonly number[],
  isLogarithmic: boolean,
  start: number,
  end: number,
): Scale {
  const most = Math.max(...values);
  if (isLogarithmic) {
    const first = Math.floor(Math.log10(Math.min(...values)));
    const last = Math.max(first + 1, Math.ceil(Math.log10(most)));
    const ticks = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
    return {
      ticks,
      at: (value) => start + ((end - start) * (Math.log10(value) - first)) / (last - first),
    };
  }
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= most / 4) ?? 10);
  const last = Math.ceil(most / step - 1e-9) * step;
  const ticks = Array.from({ length: Math.round(last / step) + 1 }, (_, index) => index * step);
  return { ticks, at: (value) => start + ((end - start) * value) / last };
}

function text(x: number, y: number, content: string, anchor: string, name: string): string {
  const kind = name === "" ? "" : ` class="${name}"`;
  return `<text${kind} x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="grid" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function digitsOf(tick: number): string {
  return Number.isInteger(tick)
    ? digits(tick).replace(/\.0+$/, "")
    : String(Number(tick.toPrecision(3)));
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
