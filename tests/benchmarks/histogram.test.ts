import { expect, it } from "vitest";
import { Histogram } from "../../benchmarks/generator/histogram.ts";

it("tells quantiles of times from a microsecond to minutes, to 3 %", () => {
  for (const milliseconds of [0.001, 0.004, 0.03, 0.5, 1, 7.77, 120, 4_000, 60_000]) {
    const histogram = new Histogram();
    histogram.add(milliseconds);
    const microseconds = milliseconds * 1e3;
    expect(Math.abs(histogram.quantile(0.5) - microseconds)).toBeLessThan(
      0.03 * microseconds + 0.13,
    );
  }
});

it("counts how many are below", () => {
  const histogram = new Histogram();
  for (let millisecond = 1; millisecond <= 1_000; millisecond += 1) histogram.add(millisecond);
  expect(histogram.quantile(0.5) / 500_000).toBeCloseTo(1, 1);
  expect(histogram.quantile(0.99) / 990_000).toBeCloseTo(1, 1);
  expect(histogram.quantile(1)).toBeGreaterThan(histogram.quantile(0.5));
});

it("forgets everything when it is cleared", () => {
  const histogram = new Histogram();
  histogram.add(5);
  histogram.clear();
  expect(histogram.quantile(0.5)).toBe(0);
});
