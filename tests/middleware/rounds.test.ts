import { FakeClock } from "sluice/testing";
import { describe, expect, it } from "vitest";
import { Rounds } from "../../src/middleware/rounds.ts";
import { settle } from "./browser.ts";

describe("rounds", () => {
  it("visit each thing once in every interval, with one timer", async () => {
    const clock = new FakeClock();
    const visits: string[] = [];
    const rounds = new Rounds<string>(clock, 1000, async (thing) => void visits.push(thing));
    rounds.add("a");
    clock.advance(400);
    rounds.add("b");
    expect(clock.timers).toBe(1);
    clock.advance(599);
    expect(visits).toEqual([]);
    clock.advance(1);
    await settle();
    expect(visits).toEqual(["a"]);
    clock.advance(400);
    await settle();
    expect(visits).toEqual(["a", "b"]);
    clock.advance(600);
    await settle();
    expect(visits).toEqual(["a", "b", "a"]);
    rounds.delete("a");
    clock.advance(10_000);
    await settle();
    expect(visits).toEqual(["a", "b", "a", "b"]);
    rounds.delete("b");
    expect(clock.timers).toBe(0);
  });

  it("visit few things at once, however many are due", async () => {
    const clock = new FakeClock();
    const done: (() => void)[] = [];
    const rounds = new Rounds<number>(
      clock,
      1000,
      () => new Promise<void>((resolve) => done.push(resolve)),
    );
    for (let thing = 0; thing < 100; thing++) rounds.add(thing);
    clock.advance(1000);
    expect(done).toHaveLength(32);
    done[0]!();
    await settle();
    clock.advance(0);
    expect(done).toHaveLength(33);
  });

  it("do not come back to what was taken off during a visit", async () => {
    const clock = new FakeClock();
    let visits = 0;
    const rounds = new Rounds<string>(clock, 1000, async (thing) => {
      visits++;
      rounds.delete(thing);
    });
    rounds.add("a");
    clock.advance(5000);
    await settle();
    expect(visits).toBe(1);
    expect(clock.timers).toBe(0);
  });
});
