import { describe, expect, it } from "vitest";
import { barChart } from "../../../benchmarks/report/bar-chart.ts";
import { type ChartLine, curveChart } from "../../../benchmarks/report/curve-chart.ts";

/** The values of an attribute in all elements of a kind. */
function values(svg: string, element: string, attribute: string): number[] {
  const pattern = new RegExp(`<${element} [^>]*\\b${attribute}="([\\d.]+)"`, "g");
  return [...svg.matchAll(pattern)].map(([, value]) => Number(value));
}

const bar = (label: string, value: number) => ({
  label,
  value,
  min: value / 2,
  max: value * 2,
  ours: label === "sluice",
});

const plain = { title: "title", unit: "unit", logarithmic: false };

describe("a bar chart", () => {
  it("has bars as long as their values", () => {
    const svg = barChart({ ...plain, bars: [bar("sluice", 10), bar("ws", 20)] });
    const [ours = 0, theirs = 0] = values(svg, "rect", "width");
    expect(theirs / ours).toBeCloseTo(2, 1);
    expect(svg).toContain('class="ours"');
  });

  it("has equal steps for equal ratios where it is logarithmic", () => {
    const bars = [bar("a", 2), bar("b", 20), bar("c", 200)];
    const svg = barChart({ ...plain, bars, logarithmic: true });
    const [two = 0, twenty = 0, many = 0] = values(svg, "rect", "width");
    expect(many - twenty).toBeCloseTo(twenty - two, 0);
  });

  it("escapes what it is told", () => {
    const svg = barChart({ ...plain, title: "a < b & c", bars: [bar("<script>", 1)] });
    expect(svg).toContain("a &lt; b &amp; c");
    expect(svg).not.toContain("<script>");
  });
});

function chart(...lines: ChartLine[]): string {
  return curveChart({ title: "title", x: "x", y: "y", legend: "exponent", lines });
}

describe("a curve chart", () => {
  const steps = [1, 10, 100];
  const linear = (label: string, cost: number): ChartLine => ({
    label,
    ours: label === "sluice",
    points: steps.map((x) => ({ x, y: cost * x })),
  });

  it("draws a linear cost as a straight line", () => {
    const svg = chart(linear("sluice", 3));
    const across = values(svg, "circle", "cx");
    const up = values(svg, "circle", "cy");
    expect(across).toHaveLength(3);
    for (const [first = 0, second = 0, third = 0] of [across, up]) {
      expect(third - second).toBeCloseTo(second - first, 0);
    }
  });

  it("has its labels apart, in the order of the lines, where these end together", () => {
    const svg = chart(linear("b", 3), linear("c", 2.99), linear("a", 3.01), linear("far", 1e4));
    const at = (label: string): number =>
      Number(new RegExp(`y="([\\d.]+)"[^>]*>${label}<`).exec(svg)?.[1]);
    expect(at("b") - at("a")).toBeGreaterThanOrEqual(16);
    expect(at("c") - at("b")).toBeGreaterThanOrEqual(16);
    expect(at("far")).toBeLessThan(at("a"));
  });
});
