import { describe, expect, it } from "vitest";
import { digits, entrantTable, range, table, verdictTable } from "../../benchmarks/table.ts";
import { resultOf, row, sample } from "./result.ts";

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

  it("has a line for each entrant, with the median and how far it went", () => {
    const result = resultOf({
      sluice: [sample(1), sample(2), sample(1.5)],
      ws: [sample(10), sample(20), sample(15)],
    });
    const [, , sluice, ws] = entrantTable({ ...row, gates: [] }, result).split("\n");
    expect(sluice).toMatch(/^\| sluice \| 1\.50 \(1\.00–2\.00\) \| 10\.0 \(10\.0–10\.0\) \|/);
    expect(ws).toMatch(/\| 1\.00 \(1\.00–1\.00\) \|/);
  });

  it("says what passed, what is below its target, and what was missed", () => {
    const text = verdictTable([
      [row, resultOf({ sluice: [sample(1)], ws: [sample(9)], raw: [sample(0.4)] })],
    ]);
    expect(text).toMatch(/≥ 8 × ws +\| +9\.00 \(9\.00–9\.00\) \| pass, below target \|/);
    expect(text).toMatch(/≥ 0\.5 × raw +\| +0\.40 \(0\.40–0\.40\) \| +MISS \|/);
    expect(text).toMatch(/memory ≤ 0\.9 × ws +\| +– \| +not measured \|/);
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
