import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { Continuation, plainPromise, type Waiter } from "../../src/application/continuation.ts";
import { settle } from "./rig.ts";

/** Waits for promises and writes down what it hears, and in whose context. */
class Noting implements Waiter {
  static readonly context: AsyncLocalStorage<string> = new AsyncLocalStorage();
  readonly heard: unknown[] = [];

  fulfilled(): void {
    this.heard.push("fulfilled", Noting.context.getStore());
  }

  rejected(reason: unknown): void {
    this.heard.push(reason, Noting.context.getStore());
  }
}

describe("many that wait at a time, again and again", () => {
  test("hear each of its own promise, once, and in its own context", async () => {
    for (let round = 0; round < 3; round++) {
      const all = Array.from({ length: 1_000 }, (_, index) => {
        const waiter = new Noting();
        const { promise, resolve, reject } = deferred();
        Noting.context.run(`${index}`, () => Continuation.after(promise, waiter));
        const settlePromise = () => (index % 3 === 0 ? reject(`no ${index}`) : resolve());
        return { waiter, settlePromise, index };
      });
      for (const { waiter } of all) expect(waiter.heard).toEqual([]);
      // In an order that is not theirs: 7 and 1000 have no common divisor.
      for (let n = 0; n < all.length; n++) all[(n * 7) % all.length]!.settlePromise();
      await settle();
      for (const { waiter, index } of all) {
        const outcome = index % 3 === 0 ? `no ${index}` : "fulfilled";
        expect(waiter.heard).toEqual([outcome, `${index}`]);
      }
    }
  });

  test("may wait again from within, for a promise that is settled already", async () => {
    let heard = 0;
    const waiter: Waiter = {
      fulfilled: () => {
        if (++heard < 1_000) Continuation.after(Promise.resolve(), waiter);
      },
      rejected: () => expect.unreachable(),
    };
    Continuation.after(Promise.resolve(), waiter);
    expect(heard).toBe(0);
    await settle();
    expect(heard).toBe(1_000);
  });
});

describe("a plain promise", () => {
  test("stays the same, and of others one is made", async () => {
    const plain = Promise.resolve(1);
    expect(plainPromise(plain)).toBe(plain);
    class Sub extends Promise<number> {}
    const made = plainPromise(Sub.resolve(2));
    expect(made.constructor).toBe(Promise);
    expect(await made).toBe(2);
  });
});

function deferred() {
  let resolve = (): void => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}
