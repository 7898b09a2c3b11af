import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Alarm } from "../../src/connection/alarm.ts";
import { TimerWheel } from "../../src/connection/timer-wheel.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { SteppedClock } from "./stepped-clock.ts";

/** How long one slot of the wheel lasts, and what it catches up after a stall. */
const slot = 50;
const catchUp = 4 * slot;

describe("a deadline on the wheel", () => {
  it("passes when its time has come, give or take one slot", () => {
    for (const delay of [0, 1, 49, 50, 51, 1_000, 12_345, 25_600]) {
      const { clock, set } = wheel();
      const rung = set(delay);
      clock.advance(60_000);
      expect(rung).toHaveLength(1);
      expect(Math.abs(rung[0]! - delay)).toBeLessThanOrEqual(slot);
    }
  });

  it("passes once", () => {
    const { clock, set } = wheel();
    const rung = set(100);
    clock.advance(1_000_000);
    expect(rung).toEqual([100]);
  });

  it("waits over several revolutions of the wheel", () => {
    const { clock, set } = wheel();
    const rung = set(24 * 3_600_000);
    clock.advance(24 * 3_600_000 - 1);
    expect(rung).toEqual([]);
    clock.advance(1);
    expect(rung).toEqual([24 * 3_600_000]);
  });

  it("does not pass once it was lifted, and can be lifted twice", () => {
    const { clock, wheel: timerWheel } = wheel();
    const alarm = new Alarm(timerWheel, () => expect.unreachable());
    alarm.set(100);
    expect(alarm.isSet).toBe(true);
    alarm.lift();
    alarm.lift();
    expect(alarm.isSet).toBe(false);
    clock.advance(1_000);
    expect(timerWheel.size).toBe(0);
  });

  it("starts over when it is set again", () => {
    const { clock, wheel: timerWheel } = wheel();
    let rung = 0;
    const alarm = new Alarm(timerWheel, () => rung++);
    alarm.set(100);
    clock.advance(50);
    alarm.set(200);
    expect(timerWheel.size).toBe(1);
    clock.advance(199);
    expect(rung).toBe(0);
    clock.advance(1);
    expect(rung).toBe(1);
  });
});

describe("many deadlines on the wheel", () => {
  it("all pass in their own slot, whatever is set and lifted meanwhile", () => {
    const action = fc.oneof(
      fc.record({ set: fc.nat(9), delay: fc.integer({ min: 1, max: 60_000 }) }),
      fc.record({ lift: fc.nat(9) }),
      fc.record({ advance: fc.nat(30_000) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const clock = new FakeClock();
        const timerWheel = new TimerWheel(clock);
        const due = new Map<number, number>();
        const set = (i: number, delay: number) => {
          alarms[i]!.set(delay);
          due.set(i, clock.now() + delay);
        };
        const alarms = Array.from(
          { length: 10 },
          (_, i) =>
            new Alarm(timerWheel, () => {
              expect(Math.abs(clock.now() - due.get(i)!)).toBeLessThanOrEqual(slot);
              due.delete(i);
              if (i > 7) set(i, i * 100);
            }),
        );
        for (const act of actions) {
          if ("set" in act) {
            set(act.set, act.delay);
          } else if ("lift" in act) {
            alarms[act.lift]!.lift();
            due.delete(act.lift);
          } else {
            clock.advance(act.advance);
          }
          expect(timerWheel.size).toBe(due.size);
          expect(clock.timers).toBe(due.size === 0 ? 0 : 1);
          for (const time of due.values()) expect(time).toBeGreaterThanOrEqual(clock.now() - slot);
        }
      }),
    );
  });

  it("take no longer when they are set again for a whole revolution, back into their own slot", () => {
    const { clock, wheel: timerWheel } = wheel();
    let rung = 0;
    for (let i = 0; i < 50_000; i++) {
      const alarm = new Alarm(timerWheel, () => {
        rung++;
        alarm.set(512 * slot);
      });
      alarm.set(512 * slot);
    }
    clock.advance(3 * 512 * slot);
    expect(rung).toBe(150_000);
  });
});

describe("a deadline that passes", () => {
  it("can be set again at once, with no timer more than before", () => {
    const { clock, wheel: timerWheel } = wheel();
    const rung: number[] = [];
    const alarm = new Alarm(timerWheel, () => {
      rung.push(clock.now());
      alarm.set(100);
    });
    alarm.set(100);
    clock.advance(500);
    expect(rung).toEqual([100, 200, 300, 400, 500]);
    expect(clock.timers).toBe(1);
  });

  it("can set others of its slot anew, which then do not pass in this one", () => {
    const { clock, wheel: timerWheel } = wheel();
    const rung: number[] = [];
    const alarms = Array.from(
      { length: 3 },
      () =>
        new Alarm(timerWheel, () => {
          rung.push(clock.now());
          for (const alarm of alarms) if (alarm.isSet) alarm.set(200);
        }),
    );
    for (const alarm of alarms) alarm.set(100);
    clock.advance(1_000);
    expect(rung).toEqual([100, 300, 500]);
  });

  it("can lift its neighbour, and the others pass all the same", () => {
    const { clock, wheel: timerWheel } = wheel();
    const rung: number[] = [];
    const alarms = Array.from(
      { length: 10 },
      (_, i) =>
        new Alarm(timerWheel, () => {
          rung.push(i);
          alarms[i ^ 1]!.lift();
        }),
    );
    for (const alarm of alarms) alarm.set(100);
    clock.advance(100);
    expect(rung.map((i) => i >> 1).sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it("can lift everything", () => {
    const { clock, wheel: timerWheel } = wheel();
    let rung = 0;
    const alarms = Array.from(
      { length: 10 },
      () =>
        new Alarm(timerWheel, () => {
          rung++;
          for (const alarm of alarms) alarm.lift();
        }),
    );
    for (const alarm of alarms) alarm.set(100);
    clock.advance(1_000);
    expect(rung).toBe(1);
    expect(clock.timers).toBe(0);
  });
});

describe("deadlines that take long when they pass", () => {
  it("pass in several turns of the event loop, each once", () => {
    const clock = new SteppedClock();
    const timerWheel = new TimerWheel(clock);
    const rung: number[] = [];
    for (let i = 0; i < 50; i++) {
      const alarm = new Alarm(timerWheel, () => {
        rung.push(i);
        clock.advance(1);
      });
      alarm.set(100);
    }
    clock.advance(100);
    let turns = 0;
    for (; clock.awaited && turns < 50; turns++) {
      const before = clock.now();
      clock.endTurn();
      expect(clock.now() - before).toBeLessThanOrEqual(10);
    }
    expect(turns).toBeGreaterThan(3);
    expect(new Set(rung).size).toBe(50);
    expect(rung).toHaveLength(50);
    expect(timerWheel.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it("can be lifted while they wait for the next turn", () => {
    const clock = new SteppedClock();
    const timerWheel = new TimerWheel(clock);
    const alarms = Array.from({ length: 20 }, () => new Alarm(timerWheel, () => clock.advance(1)));
    for (const alarm of alarms) alarm.set(100);
    clock.advance(100);
    const left = alarms.filter((alarm) => alarm.isSet);
    expect(left.length).toBeGreaterThan(5);
    for (const alarm of left) alarm.lift();
    const late = new Alarm(timerWheel, () => {});
    late.set(100);
    clock.endTurn();
    expect(late.isSet).toBe(true);
    clock.advance(200);
    expect(late.isSet).toBe(false);
    expect(clock.timers).toBe(0);
  });
});

describe("a stall of the event loop", () => {
  it("extends every deadline by its length", () => {
    const { clock, set } = wheel();
    const rung = [set(300), set(1_000), set(40_000)];
    clock.stall(3_600_000);
    expect(rung).toEqual([[], [], []]);
    clock.advance(60_000);
    for (const [i, delay] of [300, 1_000, 40_000].entries()) {
      const extended = rung[i]![0]! - 3_600_000;
      expect(extended).toBeLessThanOrEqual(delay + slot);
      expect(extended).toBeGreaterThanOrEqual(delay - catchUp - slot);
    }
  });

  it("of a few slots is caught up with, so that lateness does not add up", () => {
    const { clock, set } = wheel();
    const rung = set(10_000);
    for (let i = 0; i < 100; i++) clock.stall(99);
    clock.advance(1_000);
    expect(Math.abs(rung[0]! - 10_000)).toBeLessThanOrEqual(slot);
  });
});

describe("the wheel's timer", () => {
  it("runs only while something is set", () => {
    const { clock, wheel: timerWheel } = wheel();
    expect(clock.timers).toBe(0);
    const alarms = [new Alarm(timerWheel, () => {}), new Alarm(timerWheel, () => {})] as const;
    for (const alarm of alarms) alarm.set(1_000);
    expect(clock.timers).toBe(1);
    alarms[0].lift();
    expect(clock.timers).toBe(1);
    clock.advance(1_000);
    expect(clock.timers).toBe(0);
    alarms[0].set(1_000);
    alarms[0].lift();
    expect(clock.timers).toBe(0);
  });

  it("starts afresh after a time without deadlines", () => {
    const { clock, set } = wheel();
    set(100);
    clock.advance(10_030);
    const rung = set(100);
    clock.advance(99);
    expect(rung).toEqual([]);
    clock.advance(1);
    expect(rung).toEqual([10_130]);
  });
});

/** A wheel, its clock, and a function that sets a deadline and gives the times when it passed. */
function wheel() {
  const clock = new FakeClock();
  const timerWheel = new TimerWheel(clock);
  const set = (delay: number): number[] => {
    const rung: number[] = [];
    new Alarm(timerWheel, () => rung.push(clock.now())).set(delay);
    return rung;
  };
  return { clock, wheel: timerWheel, set };
}
