import { describe, expect, it } from "vitest";
import { linearScale, logScale, tickLabel } from "../../../benchmarks/report/scale.ts";

describe("a linear axis", () => {
  it("goes from zero in round steps to what is not below the largest value", () => {
    const { ticks, at } = linearScale(128, 0, 300);
    expect(ticks).toEqual([0, 50, 100, 150]);
    expect([at(0), at(75), at(150)]).toEqual([0, 150, 300]);
  });
});

describe("a logarithmic axis", () => {
  it("has powers of ten where it is long, between steps of 1, 2 and 5", () => {
    const { ticks, at } = logScale([32, 16_777_216], 0, 1);
    expect(ticks).toEqual([1e2, 1e3, 1e4, 1e5, 1e6, 1e7]);
    expect(at(20)).toBe(0);
    expect(at(2e7)).toBe(1);
  });

  it("has finer steps where it is short", () => {
    expect(logScale([0.8, 12], 0, 1).ticks).toEqual([0.5, 1, 2, 5, 10, 20]);
  });

  it("has a length for a single value, too", () => {
    expect(logScale([10], 0, 1).ticks).toEqual([10, 20]);
  });
});

describe("a tick", () => {
  it.each([
    [0.1 + 0.2, "0.3"],
    [150, "150"],
    [2_000, "2000"],
    [20_000, "20k"],
    [50_000_000, "50M"],
  ])("at %d says %s", (tick, label) => {
    expect(tickLabel(tick)).toBe(label);
  });
});
