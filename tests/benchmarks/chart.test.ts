import { describe, expect, it } from "vitest";
import { barChart, curveChart } from "../../benchmarks/chart.ts";

/** The values of an attribute in all elements of a kind. */
function values(svg: string, element: string, attribute: string): number[] {
  const pattern = new RegExp(`<${element} class="[^"]*"[^>]* ${attribute}="([\\d.]+)"`, "g");
  return [...svg.matchAll(pattern)].map(([, value]) => Number(value));
}

const bar = (label: string, value: number) => ({
  label,
  value,
  min: value / 2,
  max: value * 2,
  ours: label === "sluice",
});

describe("a bar chart", () => {
  it("has bars as long as their values", () => {
    const svg = barChart("title", "unit", [bar("sluice", 10), bar("ws", 20)]);
    const [ours = 0, theirs = 0] = values(svg, "rect", "width");
    expect(theirs / ours).toBeCloseTo(2, 1);
    expect(svg).toContain('class="ours"');
  });

  it("has equal steps for equal ratios where it is logarithmic", () => {
    const bars = [bar("a", 2), bar("b", 20), bar("c", 200)];
    const [two = 0, twenty = 0, many = 0] = values(barChart("t", "u", bars, true), "rect", "width");
    expect(many - twenty).toBeCloseTo(twenty - two, 0);
  });

  it("escapes what it is told", () => {
    const svg = barChart("a < b & c", "unit", [bar("<script>", 1)]);
    expect(svg).toContain("a &lt; b &amp; c");
    expect(svg).not.toContain("<script>");
  });
});

describe("a curve chart", () => {
  it("draws a linear cost as a straight line", () => {
    const points = [1, 10, 100].map((x) => ({ x, y: 3 * x }));
    const svg = curveChart("title", { x: "x", y: "y" }, [{ label: "sluice", ours: true, points }]);
    const drawn = /points="([^"]+)"/
      .exec(svg)?.[1]
      ?.split(" ")
      .map((pair) => pair.split(",").map(Number));
    const [first = [], second = [], third = []] = drawn ?? [];
    expect(drawn).toHaveLength(3);
    for (const axis of [0, 1]) {
      const step = (second[axis] as number) - (first[axis] as number);
      expect((third[axis] as number) - (second[axis] as number)).toBeCloseTo(step, 0);
    }
  });
});
