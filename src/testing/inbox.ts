import { SluiceError } from "../errors.ts";
import { systemClock } from "../internal/clock.ts";

/** A wait that took too long, or that can no longer succeed. */
export class TestError extends SluiceError {}

/** Things that come in one after the other, and somebody who waits for them. */
export class Inbox<T> {
  readonly #what: string;
  readonly #items: T[] = [];
  readonly #waiting: { take(item: T): void; fail(error: unknown): void }[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor(what: string) {
    this.#what = what;
  }

  /** Things that nobody has taken. */
  get size(): number {
    return this.#items.length;
  }

  put(item: T): void {
    const first = this.#waiting.shift();
    if (first === undefined) this.#items.push(item);
    else first.take(item);
  }

  /** Nothing more will come: whoever waits, and whoever will, gets the error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    for (const waiting of this.#waiting.splice(0)) waiting.fail(error);
  }

  /** The next thing. Rejects after `timeout` milliseconds. */
  take(timeout: number): Promise<T> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift()!);
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    return new Promise((resolve, reject) => {
      const lift = systemClock.after(timeout, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(new TestError("ERR_TEST_TIMEOUT", `no ${this.#what} came within ${timeout} ms`));
      });
      const waiting = {
        take(item: T) {
          lift();
          resolve(item);
        },
        fail(error: unknown) {
          lift();
          reject(error);
        },
      };
      this.#waiting.push(waiting);
    });
  }
}
