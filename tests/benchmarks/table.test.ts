import { describe, expect, it } from "vitest";
import { digits, range, table } from "../../benchmarks/table.ts";

describe("a table", () => {
  it("is Markdown that lines up", () => {
    const text = table(
      ["who", "what"],
      [
        ["a", "1"],
        ["somebody", "22"],
      ],
    );
    expect(text).toBe(
      [
        "| who      | what |",
        "| -------- | ---: |",
        "| a        |    1 |",
        "| somebody |   22 |",
      ].join("\n"),
    );
  });
});

describe("a number", () => {
  it.each([
    [0.123, "0.12"],
    [9.994, "9.99"],
    [9.996, "10.0"],
    [99.44, "99.4"],
    [123.6, "124"],
    [1_234_567, "1\u202f234\u202f567"],
    [Number.NaN, "–"],
  ])("%d is written as %s", (value, text) => {
    expect(digits(value)).toBe(text);
  });

  it("that is not there is a dash", () => {
    expect(range(undefined)).toBe("–");
  });
});
