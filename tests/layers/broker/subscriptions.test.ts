import { describe, expect, test } from "vitest";
import { Subscriptions } from "../../../src/layers/broker/subscriptions.ts";
import { Random } from "../../../src/testing/random.ts";

/** An engine that answers when it is told to, and who is in which group. */
class Bench {
  readonly members: Map<string, number> = new Map();
  readonly heard: Set<string> = new Set();
  readonly asked: string[] = [];
  readonly #answers: { settle: (error?: Error) => void; act: () => void }[] = [];
  readonly subscriptions: Subscriptions = new Subscriptions({
    begin: (group) => this.#ask(`begin ${group}`, () => this.heard.add(group)),
    end: (group) => this.#ask(`end ${group}`, () => this.heard.delete(group)),
    isJoined: (group) => (this.members.get(group) ?? 0) > 0,
  });

  get open(): number {
    return this.#answers.length;
  }

  join(group = "room"): Promise<boolean> {
    return this.subscriptions.hold(group, () => {
      this.members.set(group, (this.members.get(group) ?? 0) + 1);
      return this.heard.has(group);
    });
  }

  leave(group = "room"): void {
    this.members.set(group, (this.members.get(group) ?? 0) - 1);
    this.subscriptions.release(group);
  }

  async answer(error?: Error): Promise<void> {
    const { settle, act } = this.#answers.shift()!;
    if (error === undefined) act();
    settle(error);
    await quiet();
  }

  #ask(what: string, act: () => void): Promise<void> {
    this.asked.push(what);
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      this.#answers.push({ settle, act });
    });
  }
}

async function quiet(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("the subscription to a group", () => {
  test("begins with the first member, once, and the others wait for it", async () => {
    const bench = new Bench();
    const joins = [bench.join(), bench.join(), bench.join()];
    await quiet();
    expect(bench.members.get("room")).toBeUndefined();
    await bench.answer();
    expect(await Promise.all(joins)).toEqual([true, true, true]);
    expect(await bench.join()).toBe(true);
    expect(bench.asked).toEqual(["begin room"]);
  });

  test("ends with the last member", async () => {
    const bench = new Bench();
    const joins = [bench.join(), bench.join()];
    await bench.answer();
    await Promise.all(joins);
    bench.leave();
    expect(bench.asked).toEqual(["begin room"]);
    bench.leave();
    await bench.answer();
    expect(bench.asked).toEqual(["begin room", "end room"]);
    expect(bench.subscriptions.size).toBe(0);
  });

  test("begins anew for whoever joins while it ends", async () => {
    const bench = new Bench();
    const first = bench.join();
    await bench.answer();
    await first;
    bench.leave();
    const second = bench.join();
    await quiet();
    expect(bench.asked).toEqual(["begin room", "end room"]);
    await bench.answer();
    await bench.answer();
    expect(await second).toBe(true);
    expect(bench.asked).toEqual(["begin room", "end room", "begin room"]);
  });

  test("does not end under somebody who joins in the moment in which the last one leaves", async () => {
    const bench = new Bench();
    // The first one has left before it joined; the second one comes right behind it.
    const first = bench.subscriptions.hold("room", () => "left already");
    const second = bench.join();
    await bench.answer();
    expect(await first).toBe("left already");
    expect(await second).toBe(true);
    expect(bench.asked).toEqual(["begin room"]);
  });

  test("that cannot begin fails those who wait, and is tried anew by the next", async () => {
    const bench = new Bench();
    const joins = [bench.join(), bench.join()];
    const failures = Promise.all(joins.map((join) => expect(join).rejects.toThrow("away")));
    await bench.answer(new Error("away"));
    await failures;
    expect(bench.subscriptions.size).toBe(0);
    const next = bench.join();
    await bench.answer();
    expect(await next).toBe(true);
  });

  test("ends if the one who joined was not put on the list", async () => {
    const bench = new Bench();
    const join = bench.subscriptions.hold("room", () => {
      throw new Error("no");
    });
    const failure = expect(join).rejects.toThrow("no");
    await bench.answer();
    await failure;
    expect(bench.asked).toEqual(["begin room", "end room"]);
  });

  test("is there whenever a join resolves, and gone when all have left, in any order of things", async () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = new Random(seed);
      const bench = new Bench();
      let joined = 0;
      for (let step = 0; step < 60; step += 1) {
        const dice = random.next();
        if (dice < 0.4) {
          void bench.join().then(
            (isHeard) => {
              expect(isHeard, `seed ${seed}`).toBe(true);
              joined += 1;
            },
            () => {},
          );
        } else if (dice < 0.7 && joined > 0) {
          joined -= 1;
          bench.leave();
        } else if (bench.open > 0) {
          await bench.answer(random.happens(0.1) ? new Error("away") : undefined);
        }
      }
      do {
        await quiet();
        while (bench.open > 0) await bench.answer();
      } while (bench.open > 0);
      while (joined > 0) {
        expect(bench.heard.has("room"), `seed ${seed}`).toBe(true);
        joined -= 1;
        bench.leave();
      }
      while (bench.open > 0) await bench.answer();
      expect(bench.subscriptions.size, `seed ${seed}`).toBe(0);
    }
  });
});
