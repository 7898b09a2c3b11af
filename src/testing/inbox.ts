import { SluiceError } from "../errors.ts";
import { systemClock } from "../internal/clock.ts";

/** A wait that took too long, or that can no longer succeed. */
export class TestError extends SluiceError {}

/** Things that come in one after the other, and somebody who waits for them. */
export class Inbox<T> {
  readonly #what: string;
  readonly #items: ({ readonly item: T } | { readonly error: unknown })[] = [];
  readonly #waiting: { take(item: T): void; fail(error: unknown): void }[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor(what: string) {
    this.#what = what;
  }

  /** Things and troubles that nobody has taken. */
  get size(): number {
    return this.#items.length;
  }

  put(item: T): void {
    const first = this.#waiting.shift();
    if (first === undefined) this.#items.push({ item });
    else first.take(item);
  }

  /** Takes out what came before somebody else was there to take it: all for which `take` is true. */
  sift(take: (item: T) => boolean): void {
    const kept = this.#items.filter((entry) => !("item" in entry && take(entry.item)));
    this.#items.splice(0, this.#items.length, ...kept);
  }

  /** Trouble that comes in its turn, instead of a thing: one `take` gets the error. */
  raise(error: unknown): void {
    const first = this.#waiting.shift();
    if (first === undefined) this.#items.push({ error });
    else first.fail(error);
  }

  /** Nothing more will come: whoever waits, and whoever will, gets the error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    for (const waiting of this.#waiting.splice(0)) waiting.fail(error);
  }

  /** The next thing. Rejects after `timeout` milliseconds. */
  take(timeout: number): Promise<T> {
    const next = this.#items.shift();
    if (next !== undefined) {
      return "error" in next ? Promise.reject(next.error) : Promise.resolve(next.item);
    }
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
