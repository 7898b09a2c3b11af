import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Archive } from "../../benchmarks/archive.ts";
import { resultOf, sample } from "./result.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-archive-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe("the archive", () => {
  it("keeps the last three runs of a row, the oldest one first", () => {
    const archive = new Archive(join(folder, "results"));
    for (const cpu of [1, 2, 3, 4]) archive.addRun(resultOf({ sluice: [sample(cpu)] }));
    const seen = archive.runs("echo-32").map(({ entrants }) => entrants[0]?.samples[0]?.cpu);
    expect(seen).toEqual([2, 3, 4]);
  });

  it("has no runs of a row that was not measured, and no such curve", () => {
    const archive = new Archive(folder);
    expect(archive.runs("chat")).toEqual([]);
    expect(archive.curve("size")).toBeUndefined();
  });
});
