import { describe, expect, it } from "vitest";
import { exponent, ratios, shuffled, spread } from "../../benchmarks/statistics.ts";

describe("a spread", () => {
  it("has the value in the middle, and the ends", () => {
    expect(spread([5, 1, 9])).toEqual({ median: 5, min: 1, max: 9 });
  });

  it("has the mean of the two in the middle when their number is even", () => {
    expect(spread([4, 1, 2, 100])).toEqual({ median: 3, min: 1, max: 100 });
  });

  it("cannot be told of nothing", () => {
    expect(() => spread([])).toThrow(RangeError);
  });
});

describe("ratios", () => {
  it("are taken round by round: what slowed both in a round is not in them", () => {
    expect(ratios([10, 40, 20], [5, 20, 10])).toEqual({ median: 2, min: 2, max: 2 });
  });

  it("need as many rounds of both", () => {
    expect(() => ratios([1, 2], [1])).toThrow(RangeError);
  });
});

describe("the exponent of a curve", () => {
  const curve = (power: number) => [1, 10, 100, 1_000].map((x) => ({ x, y: 7 * x ** power }));

  it.each([0, 0.5, 1, 2])("is %d for a cost that grows so", (power) => {
    expect(exponent(curve(power))).toBeCloseTo(power, 10);
  });

  it("cannot be told of one point, or of points above one another", () => {
    expect(() => exponent([{ x: 1, y: 1 }])).toThrow(RangeError);
    const above = [
      { x: 2, y: 1 },
      { x: 2, y: 5 },
    ];
    expect(() => exponent(above)).toThrow(RangeError);
  });
});

describe("an order that is shuffled", () => {
  it("has the same values, by the numbers that it is given", () => {
    expect(shuffled(["a", "b", "c"], () => 0)).toEqual(["b", "c", "a"]);
    expect(shuffled(["a", "b", "c"], () => 0.999)).toEqual(["a", "b", "c"]);
  });
});
