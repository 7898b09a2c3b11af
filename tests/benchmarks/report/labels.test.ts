import { describe, expect, it } from "vitest";
import { placed } from "../../../benchmarks/report/labels.ts";

describe("labels", () => {
  it("stay where they would like to be when there is room", () => {
    expect(placed([100, 20, 60], 0, 200)).toEqual([100, 20, 60]);
  });

  it("give way to those above, in the same order", () => {
    const [b = 0, a = 0, c = 0] = placed([51, 50, 52], 0, 200);
    expect([b - a, c - b]).toEqual([17, 17]);
  });

  it("stay above the bottom", () => {
    const places = placed([199, 200, 200], 0, 200);
    expect(Math.max(...places)).toBe(200);
    expect(places.toSorted((a, b) => a - b)).toEqual([166, 183, 200]);
  });
});
