import { describe, expect, test } from "vitest";
import { FakeClock } from "../../src/testing/fake-clock.ts";

describe("a fake clock", () => {
  test("stands still until it is told to move", () => {
    const clock = new FakeClock();
    expect(clock.now()).toBe(0);
    clock.advance(250);
    clock.advance(0);
    expect(clock.now()).toBe(250);
  });

  test("rings every timer at its own time, in order, and equal ones as they were set", () => {
    const clock = new FakeClock();
    const rung: [string, number][] = [];
    for (const [name, delay] of [
      ["late", 300],
      ["early", 100],
      ["first", 200],
      ["second", 200],
    ] as const) {
      clock.after(delay, () => rung.push([name, clock.now()]));
    }
    clock.advance(299);
    expect(rung).toEqual([
      ["early", 100],
      ["first", 200],
      ["second", 200],
    ]);
    expect(clock.timers).toBe(1);
    clock.advance(1);
    expect(rung.at(-1)).toEqual(["late", 300]);
    expect(clock.timers).toBe(0);
  });

  test("rings once: a timer that has rung is gone", () => {
    const clock = new FakeClock();
    let rung = 0;
    clock.after(10, () => rung++);
    clock.advance(10);
    clock.advance(10);
    expect(rung).toBe(1);
  });

  test("rings timers that are set by others, if their time comes as well", () => {
    const clock = new FakeClock();
    const ticks: number[] = [];
    const tick = () => {
      ticks.push(clock.now());
      clock.after(10, tick);
    };
    clock.after(10, tick);
    clock.advance(35);
    expect([ticks, clock.now(), clock.timers]).toEqual([[10, 20, 30], 35, 1]);
  });

  test("does not ring what was lifted, not even by a timer that rang before it", () => {
    const clock = new FakeClock();
    const rung: string[] = [];
    const lift = clock.after(20, () => rung.push("lifted"));
    clock.after(10, lift);
    const lifted = clock.after(5, () => rung.push("lifted, too"));
    lifted();
    lifted();
    clock.advance(100);
    expect([rung, clock.timers]).toEqual([[], 0]);
  });

  test("stalls as a process does: time has passed for everybody before the first timer rings", () => {
    const clock = new FakeClock();
    const rung: [string, number][] = [];
    clock.after(200, () => rung.push(["second", clock.now()]));
    clock.after(100, () => {
      rung.push(["first", clock.now()]);
      clock.after(100, () => rung.push(["third", clock.now()]));
    });
    clock.stall(1000);
    expect(rung).toEqual([
      ["first", 1000],
      ["second", 1000],
    ]);
    clock.advance(100);
    expect(rung.at(-1)).toEqual(["third", 1100]);
  });

  test("never goes back, though a timer is overdue", () => {
    const clock = new FakeClock();
    clock.advance(100);
    let at: number | undefined;
    clock.after(-50, () => (at = clock.now()));
    expect(at).toBeUndefined();
    clock.advance(0);
    expect(at).toBe(100);
  });

  test("leaves the turns of the event loop alone", async () => {
    const clock = new FakeClock();
    const order: string[] = [];
    const turned = new Promise<void>((resolve) =>
      clock.endOfTurn(() => {
        order.push("end of turn");
        resolve();
      }),
    );
    await Promise.resolve().then(() => order.push("microtask"));
    await turned;
    expect([order, clock.now(), clock.timers]).toEqual([["microtask", "end of turn"], 0, 0]);
  });
});
