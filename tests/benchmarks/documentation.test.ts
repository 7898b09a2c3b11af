import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { files, filled, regions } from "../../benchmarks/documentation.ts";
import { resultOf, row, sample } from "./result.ts";

const result = resultOf({ sluice: [sample(1), sample(1)], ws: [sample(9), sample(9)] });
const measured = { rows: [[row, result] as const], curves: [] };

describe("the documentation", () => {
  it("has its regions filled, and nothing else changed", () => {
    const page = "before\n<!-- bench:asked -->\nold\n<!-- bench:end -->\nafter\n";
    expect(filled(page, { asked: "new" })).toBe(
      "before\n<!-- bench:asked -->\n\nnew\n\n<!-- bench:end -->\nafter\n",
    );
  });

  it("is the same when it is filled twice", () => {
    const page = "<!-- bench:a -->\n<!-- bench:end -->\n<!-- bench:b -->\n<!-- bench:end -->\n";
    const once = filled(page, { a: "1", b: "2" });
    expect(filled(once, { a: "1", b: "2" })).toBe(once);
  });

  it("has to have a region for everything", () => {
    expect(() => filled("", { asked: "new" })).toThrow("no region asked");
  });

  it("says where and when, what was asked, and how each row went", () => {
    const { machine, asked, rows } = regions(measured);
    expect(machine).toContain("Z80, 2 cores, 16 GiB, CP/M, Node.js 20.20.2");
    expect(machine).toContain("2026-11-22, 3 rounds, load average between\n0.10 and 1.20");
    expect(asked).toContain("pass, below target");
    expect(rows).toContain("### Echo, 32 B");
    expect(rows).toContain("`npm run bench -- echo-32`; ws 1.0.");
  });

  it("has a file for each chart that it shows, and for the figures", () => {
    expect([...files(measured).keys()]).toEqual(["results.json", "ratios.svg", "echo-32.svg"]);
  });

  it("has all regions in its page", () => {
    const page = join(import.meta.dirname, "../../docs/topics/performance.md");
    expect(() => filled(readFileSync(page, "utf8"), regions(measured))).not.toThrow();
  });
});
