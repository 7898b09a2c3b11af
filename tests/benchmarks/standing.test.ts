import { describe, expect, it } from "vitest";
import { standing, summary } from "../../benchmarks/standing.ts";
import { resultOf, row, sample } from "./result.ts";

const run = (ws: number, raw = 1) =>
  resultOf({
    sluice: [sample(1, { rss: 1 })],
    ws: [sample(ws, { rss: 2 })],
    raw: [sample(raw)],
  });

describe("where a row stands", () => {
  it("is met when everything is, in every run", () => {
    expect(standing({ row, runs: [run(11), run(12), run(13)] })).toMatchObject({
      runs: 3,
      outcome: "met",
    });
  });

  it("is not met when one gate is missed in one run", () => {
    const { outcome, gates } = standing({ row, runs: [run(11), run(7), run(11)] });
    expect(outcome).toBe("NOT MET");
    expect(gates.map((gate) => gate.outcome)).toEqual(["NOT MET", "met", "met", "met"]);
    expect(gates[0]?.seen.map((ratio) => ratio?.median)).toEqual([11, 7, 11]);
  });

  it("does not hang on an opponent that is not there", () => {
    const alone = resultOf({ sluice: [sample(1)], ws: [sample(11)] });
    const { outcome, gates } = standing({ row, runs: [alone] });
    expect(gates.map((gate) => gate.outcome)).toContain("not measured");
    expect(outcome).toBe("met");
  });

  it("is not known without any run, or without sluice", () => {
    expect(standing({ row, runs: [] }).outcome).toBe("not measured");
    expect(standing({ row, runs: [resultOf({ ws: [sample(1)] })] }).outcome).toBe("not measured");
  });
});

describe("how all rows stand", () => {
  it("is how many met everything, and which did not", () => {
    const good = standing({ row, runs: [run(11), run(11), run(11)] });
    const bad = standing({ row: { ...row, name: "chat" }, runs: [run(11), run(1), run(11)] });
    const none = standing({ row: { ...row, name: "idle" }, runs: [] });
    expect(summary([good, bad, none])).toBe(
      "In each of 3 runs, 1 of 3 rows met all that is asked of them.\nNot met: chat.\nNot measured: idle.",
    );
  });
});
