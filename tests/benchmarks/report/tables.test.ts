import { describe, expect, it } from "vitest";
import { gateTable } from "../../../benchmarks/report/gate-table.ts";
import { rivalTable, winners } from "../../../benchmarks/report/rival-table.ts";
import { rowTable } from "../../../benchmarks/report/row-table.ts";
import { standing } from "../../../benchmarks/standing.ts";
import { resultOf, row, sample } from "../result.ts";

describe("the table of a row", () => {
  it("has a line for each entrant, with the median and how far it went", () => {
    const result = resultOf({
      sluice: [sample(1), sample(2), sample(1.5)],
      ws: [sample(10), sample(20), sample(15)],
    });
    const [, , sluice, ws] = rowTable({ ...row, gates: [] }, result).split("\n");
    expect(sluice).toMatch(/^\| sluice \| 1\.50 \(1\.00–2\.00\) \| 10\.0 \(10\.0–10\.0\) \|/);
    expect(ws).toMatch(/\| 1\.00 \(1\.00–1\.00\) \|/);
  });

  it("says how far the tail went, too", () => {
    const samples = [4_000, 5_000, 9_000].map((p99) => sample(1, { p99 }));
    const text = rowTable(row, resultOf({ sluice: samples, ws: samples }));
    expect(text).toContain("| 5.00 (4.00–9.00) |");
  });
});

describe("the table of the gates", () => {
  const run = (cpu: number) =>
    resultOf({ sluice: [sample(1)], ws: [sample(cpu)], raw: [sample(0.4)] });

  it("has a column for each run, and what became of all of them", () => {
    const text = gateTable([standing({ row, runs: [run(9), run(10), run(7)] })]);
    expect(text).toMatch(/run 1 \| run 2 \| run 3 \| all rounds \|/);
    expect(text).toMatch(
      /echo-32 \| ≥ 8 × ws +\| +10\.0 \| +9\.00 \| +10\.0 \| +7\.00 \| +7\.00–10\.0 \| +NOT MET \|/,
    );
    expect(text).toMatch(/memory ≤ 0\.9 × ws \|[^|]+\| +– \| +– \| +– \| +\| not measured \|/);
  });
});

describe("the table of the rivals", () => {
  const result = resultOf({
    sluice: [sample(2), sample(2)],
    bare: [sample(1), sample(1)],
    ws: [sample(10), sample(10)],
    bun: [sample(1), sample(1.2)],
    deno: [sample(5), sample(5)],
  });

  it("says how many times as much ws needs as each", () => {
    const [head, , line] = rivalTable([[row, result]]).split("\n");
    expect(head).toMatch(/\| row +\| sluice \| bare \| {3}ws \| {2}bun \| deno \|/);
    expect(line).toMatch(/\| echo-32 \| {3}5\.00 \| 10\.0 \| 1\.00 \| 9\.17 \| 2\.00 \|/);
  });

  it("names who needs less than sluice, and where", () => {
    expect(
      winners([[row, result]])
        .split("\n")
        .slice(2),
    ).toEqual(["- **bun** (bun 1.0): echo-32 0.55 (0.50–0.60)"]);
  });

  it("says so if nobody does", () => {
    const alone = resultOf({ sluice: [sample(1)], bare: [sample(0.5)], ws: [sample(9)] });
    expect(winners([[row, alone]])).toContain("Nobody");
  });
});
