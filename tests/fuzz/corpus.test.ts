import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BlockCoverage } from "../../fuzz/block-coverage.ts";
import { readInputs } from "../../fuzz/corpus.ts";
import { Fuzzer } from "../../fuzz/fuzzer.ts";
import { targets } from "../../fuzz/targets.ts";

const coverage = new BlockCoverage();
afterAll(() => coverage.stop());

const corpus = join(import.meta.dirname, "../../fuzz/corpus");

describe("the corpus", () => {
  it("has one file for each target", () => {
    const names = targets.map(({ name }) => `${name}.txt`);
    expect(readdirSync(corpus).sort()).toEqual(names.sort());
  });

  it.each(targets)("holds for $name", (target) => {
    const inputs = readInputs(join(corpus, `${target.name}.txt`));
    expect(inputs.length).toBeGreaterThan(3);
    expect(inputs.filter(({ length }) => length > 1024)).toEqual([]);
    for (const input of [...target.seeds, ...inputs]) expect(target.run(input)).not.toBe("");
  });

  it.each(targets)(
    "is for $name what some thousand more inputs begin with",
    (target) => {
      const fuzzer = new Fuzzer(target, coverage, 1);
      const inputs = readInputs(join(corpus, `${target.name}.txt`));
      expect(fuzzer.load([...target.seeds, ...inputs])).toBeUndefined();
      const known = fuzzer.blocks;
      expect(known).toBeGreaterThan(10);
      for (let step = 0; step < 2; step++) expect(fuzzer.step()).toBeUndefined();
      expect(fuzzer.blocks).toBeGreaterThanOrEqual(known);
    },
    60_000,
  );
});
