import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { curves } from "../../../benchmarks/curves.ts";
import { filled } from "../../../benchmarks/documentation.ts";
import { files, type Measured, regions } from "../../../benchmarks/report/page.ts";
import { resultOf, row, sample } from "../result.ts";

const result = resultOf({ sluice: [sample(1), sample(1)], ws: [sample(9), sample(9)] });
const [curve] = curves(20_000);
if (curve === undefined) throw new Error("there are no curves");
const line = {
  curve: curve.name,
  circumstances: { ...result.circumstances, rounds: 1, duration: 300 },
  missing: [],
  lines: [
    {
      name: "sluice",
      version: "sluice",
      points: [{ x: 32, y: { median: 1, min: 1, max: 1 } }],
      exponent: 1.02,
    },
  ],
};
const measured: Measured = {
  rows: [{ row, runs: [result, result] }],
  rivals: [],
  curves: [[curve, line]],
};

describe("the regions of a page", () => {
  it("are filled, and nothing else is changed", () => {
    const page = "before\n<!-- bench:asked -->\nold\n<!-- bench:end -->\nafter\n";
    expect(filled(page, { asked: "new" })).toBe(
      "before\n<!-- bench:asked -->\n\nnew\n\n<!-- bench:end -->\nafter\n",
    );
  });

  it("are the same when they are filled twice", () => {
    const page = "<!-- bench:a -->\n<!-- bench:end -->\n<!-- bench:b -->\n<!-- bench:end -->\n";
    const once = filled(page, { a: "1", b: "2" });
    expect(filled(once, { a: "1", b: "2" })).toBe(once);
  });

  it("have to be there", () => {
    expect(() => filled("", { asked: "new" })).toThrow("no region asked");
  });
});

describe("the page", () => {
  it("says where, how the gates stand, and how each row went", () => {
    const { machine, gates, rows } = regions(measured);
    expect(machine).toContain("Z80, 2 cores, 16 GiB, CP/M, Node.js 20.20.2");
    expect(gates).toContain("In each of 2 runs, 1 of 1 rows met");
    expect(gates).toContain("met, below target");
    expect(rows).toContain("### Echo, 32 B");
    expect(rows).toContain("`npm run bench -- echo-32`, run 2 of 2: 2026-11-22, in 3 rounds");
    expect(rows).toContain("for 1 s of work each, after 0.5 s of warming up; load average 0.10");
    expect(rows).toContain("ws 1.0.");
  });

  it("says how each curve was measured", () => {
    expect(regions(measured).curves).toContain(
      "`npm run bench -- scaling`: 2026-11-22, once, for 0.3 s of work each",
    );
  });

  it("says that nobody else was measured, or who was, and who was not there", () => {
    expect(regions(measured).rivals).toContain("Nobody else was measured yet");
    const missing = [{ name: "uws", why: "not installed" }];
    const { rivals } = regions({ ...measured, rivals: [[row, { ...result, missing }]] });
    expect(rivals).toContain("| echo-32 |   9.00 | 1.00 |");
    expect(rivals).toContain("Not there: uws (not installed).");
    expect(rivals).toContain("in 3 rounds");
  });

  it("leaves out rows that were not measured", () => {
    const { rows, gates } = regions({ ...measured, rows: [{ row, runs: [] }] });
    expect(rows).toBe("");
    expect(gates).toContain("Not measured: echo-32.");
  });

  it("has a file for each chart that it shows, and one for the gates", () => {
    expect([...files(measured).keys()]).toEqual(["gates.json", "ratios.svg", "size.svg"]);
  });

  it("has all regions in its file", () => {
    const page = join(import.meta.dirname, "../../../docs/topics/performance.md");
    expect(() => filled(readFileSync(page, "utf8"), regions(measured))).not.toThrow();
  });
});
