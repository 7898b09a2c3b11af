import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { filled } from "../../benchmarks/documentation.ts";
import type { Constants } from "../../benchmarks/million/constants.ts";
import { herd } from "../../benchmarks/million/herd.ts";
import { type Herds, plots, regions } from "../../benchmarks/million/page.ts";
import { oneDies, outcomes, usualHerd } from "../../benchmarks/million/scenarios.ts";

const page = read("to-a-million.md");
const constants = JSON.parse(read("to-a-million/constants.json")) as Constants;
const kept = JSON.parse(read("to-a-million/herds.json")) as Herds;

describe("docs/topics/to-a-million.md", () => {
  it("has the tables that follow from what was measured", () => {
    expect(filled(page, regions(constants, kept))).toBe(page);
  });

  it("has the herds of one process that come of simulating them again, and the plots", () => {
    const again = { ...kept, oneDies: outcomes(constants, oneDies) };
    const without = (key: string, value: unknown) => (key === "back" ? undefined : value);
    expect(JSON.parse(JSON.stringify(again.oneDies, without))).toEqual(kept.oneDies);
    for (const [name, svg] of plots(constants, again)) {
      expect(svg, name).toBe(read(`to-a-million/${name}`));
    }
  });
});

describe("a herd that is simulated", () => {
  const few = { ...usualHerd, clients: 1_000, processes: 10 };

  it("is back when its jitter is over, if nothing has to wait", () => {
    const { half, all, attempts, givenUp, late } = herd(constants, few);
    expect(half).toBeGreaterThan(2_000);
    expect(half).toBeLessThan(3_000);
    expect(all).toBeLessThan(5_200);
    expect({ attempts, givenUp, late }).toEqual({ attempts: 1, givenUp: 0, late: 0 });
  });

  it("is not back before the broker has done its work", () => {
    const { follow, recover } = constants.brokers.redis;
    const work = (1_000 * (0.8 * follow + recover)) / 1_000;
    const { all } = herd(constants, { ...few, jitter: 0 });
    expect(all).toBeGreaterThan(work);
  });

  it("is refused where more come than a process lets in, and comes again", () => {
    const { refused, all, back } = herd(constants, { ...few, jitter: 0, pendingHandshakes: 5 });
    expect(refused).toBeGreaterThan(500);
    expect(back.at(-1)).toBe(1_000);
    expect(all).toBeLessThan(30_000);
  });

  it("gives up what takes too long, and asks for more work by that", () => {
    const slow = { ...few, broker: "nats", jitter: 0, patience: 200 } as const;
    const patient = herd(constants, { ...slow, patience: 10_000 });
    const hasty = herd(constants, slow);
    expect(patient.givenUp).toBe(0);
    expect(hasty.givenUp).toBeGreaterThan(0);
    expect(hasty.commands).toBeGreaterThan(patient.commands);
  });
});

function read(file: string): string {
  return readFileSync(new URL(`../../docs/topics/${file}`, import.meta.url), "utf8");
}
