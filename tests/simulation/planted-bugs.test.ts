import { describe, expect, test } from "vitest";
import { loadMutant } from "./mutant.ts";
import { loadParts } from "./parts.ts";
import { plant, plantedBugs } from "./planted-bugs.ts";
import { simulate } from "./simulate.ts";

/** A bug that takes more seeds than this to be found is as good as not found: it is a minute's work. */
const mostSeeds = 5_000;

describe("a planted bug is found, and without it nothing is:", () => {
  test.each(plantedBugs)("$name", async (bug) => {
    const { world, seed, invariant } = bug;
    expect(seed).toBeLessThanOrEqual(mostSeeds);
    const found = await simulate(world, seed, await plant(bug));
    expect(found.violation).toMatchObject({ invariant });
    const sound = await simulate(world, seed, { parts: await loadParts() });
    expect(sound.violation).toBeUndefined();
  });
});

test("each bug has a name of its own", () => {
  expect(new Set(plantedBugs.map(({ name }) => name)).size).toBe(plantedBugs.length);
});

test("a bug for which there is no place in the sources cannot be planted", async () => {
  const mutation = { file: "history", lines: "no such line", instead: "" };
  await expect(loadMutant(mutation)).rejects.toThrow(
    "history has 0 places that read: no such line",
  );
  await expect(loadMutant({ ...mutation, lines: "const" })).rejects.toThrow(/history has \d\d/);
});
