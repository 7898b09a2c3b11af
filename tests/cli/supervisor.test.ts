import { describe, expect, test } from "vitest";
import { type Child, type ChildEvents, Supervisor } from "../../src/cli/supervisor.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

/** A process that does what the test tells it to. */
interface Actor extends Child {
  readonly events: ChildEvents;
  readonly signals: NodeJS.Signals[];
}

function stage(workers: number) {
  const clock = new FakeClock();
  const actors: Actor[] = [];
  const lines: string[] = [];
  const supervisor = new Supervisor({
    workers,
    timeout: 1_000,
    clock,
    random: () => 0.5,
    print: (line) => lines.push(line),
    fork(events) {
      const signals: NodeJS.Signals[] = [];
      const actor = {
        pid: actors.length + 1,
        events,
        signals,
        kill: (signal: never) => void signals.push(signal),
      };
      actors.push(actor);
      return actor;
    },
  });
  let code: number | undefined;
  void supervisor.run().then((ended) => {
    code = ended;
  });
  return { clock, actors, lines, supervisor, code: () => code };
}

/** What promises have to do is done. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("a supervisor", () => {
  test("starts all, and says when all serve", () => {
    const { actors, lines } = stage(3);
    expect(actors).toHaveLength(3);
    actors[0]!.events.ready(["http://x"]);
    actors[2]!.events.ready(["http://x"]);
    expect(lines).toEqual([]);
    actors[1]!.events.ready(["http://x"]);
    expect(lines).toEqual(["sluice serves with 3 workers at http://x"]);
  });

  test("starts anew what ends, twice as late after each failure, and gives up in the end", async () => {
    const { clock, actors, lines, code } = stage(1);
    actors[0]!.events.ready([]);
    const delays: number[] = [];
    for (let failure = 0; failure < 10; failure += 1) {
      actors.at(-1)!.events.exit("ended with 1");
      const known = actors.length;
      const begin = clock.now();
      for (let step = 0; step < 20_000 && actors.length === known; step += 1) clock.advance(1);
      delays.push(clock.now() - begin);
    }
    expect(delays.slice(0, 4)).toEqual([38, 75, 150, 300]);
    expect(delays.at(-1)).toBe(7_500);
    actors.at(-1)!.events.exit("ended with 1");
    await settled();
    expect(code()).toBe(1);
    expect(lines.at(-1)).toBe("worker 11 ended with 1, which is too often; giving up");
    expect(clock.timers).toBe(0);
  });

  test("forgives failures to those who have lived for long", () => {
    const { clock, actors, code } = stage(1);
    actors[0]!.events.ready([]);
    for (let life = 0; life < 30; life += 1) {
      clock.advance(10_000);
      actors.at(-1)!.events.exit("was ended by SIGKILL");
      clock.advance(38);
    }
    expect(actors).toHaveLength(31);
    expect(code()).toBeUndefined();
  });

  test("gives up at once when one ends before all have served, and ends the others", async () => {
    const { actors, lines, code } = stage(2);
    actors[0]!.events.ready([]);
    actors[1]!.events.exit("ended with 1");
    expect(lines).toEqual(["worker 2 ended with 1 before it served; giving up"]);
    expect(actors[0]!.signals).toEqual(["SIGTERM"]);
    actors[0]!.events.exit("ended with 0");
    await settled();
    expect(code()).toBe(1);
  });

  test("replaces one after the other: the old one ends when the new one serves", async () => {
    const { actors, lines, supervisor } = stage(2);
    for (const { events } of actors) events.ready([]);
    void supervisor.restart();
    void supervisor.restart();
    expect(actors).toHaveLength(3);
    expect(actors[0]!.signals).toEqual([]);
    actors[2]!.events.ready([]);
    await settled();
    expect(actors[0]!.signals).toEqual(["SIGTERM"]);
    expect(actors).toHaveLength(3);
    actors[0]!.events.exit("ended with 0");
    await settled();
    expect(actors).toHaveLength(4);
    actors[3]!.events.ready([]);
    await settled();
    actors[1]!.events.exit("ended with 0");
    await settled();
    expect(actors).toHaveLength(4);
    expect(lines.at(-1)).toBe("2 workers are new");
  });

  test("keeps the old ones when a new one does not come to serve", async () => {
    for (const how of ["ends", "hangs"] as const) {
      const { clock, actors, lines, supervisor } = stage(2);
      for (const { events } of actors) events.ready([]);
      void supervisor.restart();
      if (how === "ends") actors[2]!.events.exit("ended with 1");
      else clock.advance(60_000);
      await settled();
      expect(lines).toContain("worker 3 does not serve: the former ones stay");
      expect(actors[2]!.signals).toEqual(["SIGKILL"]);
      expect([actors[0]!.signals, actors[1]!.signals, actors.length]).toEqual([[], [], 3]);
      actors[0]!.events.exit("was ended by SIGKILL");
      clock.advance(100);
      expect(actors).toHaveLength(4);
    }
  });

  test("starts one for a worker that ends while its successor fails", async () => {
    const { clock, actors, supervisor } = stage(1);
    actors[0]!.events.ready([]);
    void supervisor.restart();
    actors[0]!.events.exit("was ended by SIGKILL");
    expect(actors).toHaveLength(2);
    actors[1]!.events.exit("ended with 1");
    await settled();
    clock.advance(100);
    expect(actors).toHaveLength(3);
  });

  test("makes those end that do not, when it stops and when it replaces", async () => {
    const { clock, actors, supervisor, code } = stage(2);
    for (const { events } of actors) events.ready([]);
    void supervisor.restart();
    actors[2]!.events.ready([]);
    await settled();
    clock.advance(6_000);
    expect(actors[0]!.signals).toEqual(["SIGTERM", "SIGKILL"]);
    actors[0]!.events.exit("was ended by SIGKILL");
    await settled();

    supervisor.stop("SIGINT");
    expect(actors[1]!.signals).toEqual(["SIGINT"]);
    supervisor.stop("SIGINT");
    clock.advance(5_000);
    expect(actors[1]!.signals).toEqual(["SIGINT", "SIGINT", "SIGKILL"]);
    for (const { events } of actors.slice(1)) events.exit("was ended by SIGKILL");
    await settled();
    expect(code()).toBe(0);
    expect(actors).toHaveLength(4);
    expect(clock.timers).toBe(0);
  });
});
