import { describe, expect, test } from "vitest";
import { Rounds } from "../../../src/layers/broker/rounds.ts";
import { Turnstile } from "../../../src/layers/broker/turnstile.ts";
import { FakeClock } from "../../../src/testing/fake-clock.ts";

function rounds(): { readonly clock: FakeClock; readonly checked: string[]; readonly all: Rounds } {
  const clock = new FakeClock();
  const checked: string[] = [];
  const check = (group: string): void => void checked.push(group);
  return { clock, checked, all: new Rounds({ clock, interval: 30_000, check }) };
}

describe("the rounds", () => {
  test("look after each quiet group about once in an interval, spread over it", () => {
    const { clock, checked, all } = rounds();
    for (let number = 0; number < 160; number += 1) all.add(`room ${number}`);
    clock.advance(40_000);
    checked.length = 0;
    const steps: number[] = [];
    for (let step = 0; step < 30; step += 1) {
      const before = checked.length;
      clock.advance(1_000);
      steps.push(checked.length - before);
    }
    expect(checked.length).toBeGreaterThan(130);
    expect(checked.length).toBeLessThan(190);
    expect(Math.max(...steps)).toBeLessThanOrEqual(20);
  });

  test("pass by a group of which something came", () => {
    const { clock, checked, all } = rounds();
    all.add("busy");
    all.add("quiet");
    for (let step = 0; step < 200; step += 1) {
      all.heard("busy");
      clock.advance(1_000);
    }
    expect(new Set(checked)).toEqual(new Set(["quiet"]));
    expect(checked.length).toBeGreaterThan(4);
  });

  test("set no timer where there is nothing to look after", () => {
    const { clock, checked, all } = rounds();
    all.add("room");
    all.add("room");
    expect(clock.timers).toBe(1);
    all.remove("room");
    expect([clock.timers, all.size]).toEqual([0, 0]);
    clock.advance(100_000);
    expect(checked).toEqual([]);
  });
});

describe("a turnstile", () => {
  test("lets so many in at a time, and the others in their order", async () => {
    const turnstile = new Turnstile(3);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const passing = Array.from({ length: 50 }, (_, number) =>
      turnstile.pass(() => {
        begun.push(number);
        return new Promise<number>((resolve) => ends.push(() => resolve(number)));
      }),
    );
    for (let ended = 0; ended < 50; ended += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(begun.length).toBe(Math.min(50, ended + 3));
      expect(turnstile.waiting).toBe(50 - begun.length);
      ends[ended]!();
    }
    expect(await Promise.all(passing)).toEqual(begun);
    expect(begun).toEqual(Array.from({ length: 50 }, (_, number) => number));
  });

  test("lets the next one in when one fails", async () => {
    const turnstile = new Turnstile(1);
    const first = turnstile.pass(() => Promise.reject(new Error("no")));
    const second = turnstile.pass(() => Promise.resolve("yes"));
    await expect(first).rejects.toThrow("no");
    expect(await second).toBe("yes");
    expect(turnstile.waiting).toBe(0);
  });
});
