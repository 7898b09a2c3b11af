import { beforeAll, describe, expect, test } from "vitest";
import { loadParts } from "./parts.ts";
import { report, type Setup, shrink, simulate, worlds } from "./simulate.ts";
import { plant, plantedBugs } from "./planted-bugs.ts";

let setup: Setup;
beforeAll(async () => {
  setup = { parts: await loadParts() };
});

/** How many worlds of a kind; of the slow ones, fewer. `npm run simulate -- --seeds 100000` tries more. */
function seedsOf(world: string): number {
  return world === "redis" || world === "nats" ? 120 : 700;
}

describe.each(Object.keys(worlds))("the %s world", (world) => {
  const seeds = seedsOf(world);

  test(`keeps the invariants with ${seeds} seeds`, async () => {
    let happened = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const outcome = await simulate(world, seed, setup);
      happened += outcome.entries;
      if (outcome.violation !== undefined) expect.fail(await report(outcome, setup));
    }
    // Worlds in which nothing happens keep all invariants.
    expect(happened).toBeGreaterThan(seeds * 300);
  });

  test("is the same world for the same seed, to the last line", async () => {
    for (const seed of [1, 2, 3]) {
      const [one, two] = [await simulate(world, seed, setup), await simulate(world, seed, setup)];
      expect(one.trace()).toEqual(two.trace());
    }
    const [one, two] = [await simulate(world, 1, setup), await simulate(world, 2, setup)];
    expect(one.trace()).not.toEqual(two.trace());
  });
});

describe("a world that fails", () => {
  const [bug] = plantedBugs;

  test("fails in the same way with fewer acts, and says how", async () => {
    const planted = await plant(bug!);
    const failure = await simulate(bug!.world, bug!.seed, planted);
    const small = await shrink(failure, planted);
    expect(small.violation?.invariant).toBe(failure.violation?.invariant);
    expect(small.acts.length).toBeLessThan(failure.acts.length / 2);
    expect(failure.acts).toEqual(expect.arrayContaining([...small.acts]));
    const text = await report(failure, planted);
    expect(text).toContain(`--world ${bug!.world} --seed ${bug!.seed}`);
    expect(text).toContain(small.violation!.text);
  });
});
