import { describe, expect, it } from "vitest";
import type { Row } from "../../benchmarks/row.ts";
import { rows } from "../../benchmarks/rows.ts";
import { verdicts } from "../../benchmarks/verdict.ts";
import { resultOf, row, sample } from "./result.ts";

const fast = [sample(1, { rss: 600 }), sample(1.25, { rss: 700 }), sample(1, { rss: 700 })];
const slow = [sample(9, { rss: 1_000 }), sample(10, { rss: 1_000 }), sample(9, { rss: 1_000 })];

describe("a verdict", () => {
  it("holds the median of the rounds against what was asked", () => {
    const result = resultOf({ sluice: fast, ws: slow, raw: fast });
    expect(verdicts(row, result).slice(0, 3)).toEqual([
      {
        asked: "≥ 8 × ws",
        target: 10,
        seen: { median: 9, min: 8, max: 9 },
        outcome: "met, below target",
      },
      {
        asked: "≥ 0.5 × raw",
        target: 0.8,
        seen: { median: 1, min: 1, max: 1 },
        outcome: "met",
      },
      {
        asked: "memory ≤ 0.9 × ws",
        target: 0.75,
        seen: { median: 0.7, min: 0.6, max: 0.7 },
        outcome: "met",
      },
    ]);
  });

  it("is a miss below that", () => {
    const result = resultOf({ sluice: slow, ws: slow, raw: fast });
    expect(verdicts(row, result).map(({ outcome }) => outcome)).toEqual([
      "NOT MET",
      "NOT MET",
      "NOT MET",
      "met",
    ]);
  });

  it("cannot be told without the opponent", () => {
    const [first] = verdicts(row, resultOf({ sluice: fast }));
    expect(first).toMatchObject({ seen: undefined, outcome: "not measured" });
  });

  it("is about ws without bufferutil where that is not installed, and says so", () => {
    const other: Row = { ...row, ws: "ws+bufferutil" };
    const asked = (names: readonly string[]) =>
      verdicts(other, resultOf(Object.fromEntries(names.map((name) => [name, slow]))))[0]?.asked;
    expect(asked(["sluice", "ws", "ws+bufferutil"])).toBe("≥ 8 × ws+bufferutil");
    expect(asked(["sluice", "ws"])).toBe("≥ 8 × ws");
  });

  it("lets the whole stack be at most 15 % behind the bare engine", () => {
    const seen = (stack: number) =>
      verdicts(row, resultOf({ sluice: [sample(stack)], bare: [sample(1)] })).find(({ asked }) =>
        asked.startsWith("stack"),
      )?.outcome;
    expect([seen(1.14), seen(1.16)]).toEqual(["met", "NOT MET"]);
  });

  it("holds the memory of the whole stack against that of the bare engine where a row is about it", () => {
    const [memory] = row.gates.slice(2);
    const idle: Row = { ...row, gates: memory === undefined ? [] : [memory] };
    const result = resultOf({
      sluice: [sample(9, { rss: 1_000 })],
      bare: [sample(1, { rss: 900 })],
    });
    const stack = verdicts(idle, result).find(({ asked }) => asked.startsWith("stack"));
    expect(stack).toMatchObject({ seen: { median: 1_000 / 900 }, outcome: "met" });
  });

  it("lets the tail be at most a tenth longer than that of ws, unless rounds of both overlap", () => {
    const tail = (ours: readonly number[], theirs: readonly number[]) =>
      verdicts(
        row,
        resultOf({
          sluice: ours.map((p99) => sample(1, { p99 })),
          ws: theirs.map((p99) => sample(1, { p99 })),
        }),
      ).at(-1)?.outcome;
    expect(tail([109, 109], [100, 100])).toBe("met");
    expect(tail([120, 120], [100, 100])).toBe("NOT MET");
    expect(tail([120, 120, 120], [100, 100, 121])).toBe("met within the noise");
  });
});

describe("the rows", () => {
  it("have names of their own, and gates whose targets are no easier", () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { gates } of rows) {
      expect(gates.length).toBeGreaterThan(0);
      for (const { atLeast, atMost, target } of gates) {
        expect(target).toBeGreaterThanOrEqual(atLeast ?? target);
        expect(target).toBeLessThanOrEqual(atMost ?? target);
      }
    }
  });

  it("compare with bufferutil from 1 KiB on", () => {
    for (const { load, ws } of rows) {
      expect(ws).toBe(load.size >= 1_024 ? "ws+bufferutil" : "ws");
    }
  });
});
