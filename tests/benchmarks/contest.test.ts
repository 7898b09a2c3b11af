import { describe, expect, it } from "vitest";
import { entrantsOf } from "../../benchmarks/contest.ts";
import type { Rival } from "../../benchmarks/rivals/rival.ts";
import { rows } from "../../benchmarks/rows.ts";

const names = ["sluice", "bare", "minimal", "ws", "ws+bufferutil", "raw", "bun", "django"];

/** Everybody can do everything, and is there but for some. */
function rivals(...away: readonly string[]): Rival[] {
  return names.map((name) => ({
    name,
    version: away.includes(name) ? undefined : "1.0",
    takesPart: () => true,
    program() {
      throw new Error("nothing is measured here");
    },
  }));
}

function entrants(row: string, wanted: readonly string[] = [], away: readonly string[] = []) {
  const found = rows.find(({ name }) => name === row);
  if (found === undefined) throw new Error(`there is no row ${row}`);
  return entrantsOf(found, rivals(...away), wanted).map(({ name }) => name);
}

describe("who takes part in a row", () => {
  it("is sluice, the bare engine, the least that it takes, and whom the gates name", () => {
    expect(entrants("text-32")).toEqual(["sluice", "bare", "minimal", "ws"]);
    expect(entrants("echo-32")).toEqual(["sluice", "bare", "minimal", "ws", "raw"]);
    expect(entrants("echo-1k")).toEqual(["sluice", "bare", "minimal", "ws+bufferutil"]);
    expect(entrants("json-1000")).toEqual(["sluice", "bare", "minimal", "ws", "django"]);
  });

  it("is who is wanted besides", () => {
    expect(entrants("text-32", ["bun"])).toEqual(["sluice", "bare", "minimal", "ws", "bun"]);
  });

  it("is ws, and who is missing, where bufferutil is not installed", () => {
    expect(entrants("echo-1k", [], ["ws+bufferutil"])).toEqual([
      "sluice",
      "bare",
      "minimal",
      "ws",
      "ws+bufferutil",
    ]);
  });
});
