/** The one who goes on when a promise has settled. */
export interface Waiter {
  /** The promise was fulfilled. */
  fulfilled(): void;
  /** The promise was rejected. */
  rejected(reason: unknown): void;
}

/** How many are kept for their next use: not as many as were ever needed at a time. */
const mostSpare = 256;

const spare: Continuation[] = [];

/**
 * What a promise calls when it has settled, for whoever waits for it.
 *
 * A promise wants two functions. To make them for each promise would cost more than all else, and to
 * keep them for each waiter would cost memory while nobody waits. So they are made once, and serve one
 * waiter after the other.
 */
export class Continuation {
  #waiter: Waiter | undefined;
  readonly #fulfilled = (): void => this.#end().fulfilled();
  readonly #rejected = (reason: unknown): void => this.#end().rejected(reason);

  private constructor() {}

  /** Has the waiter called when a promise that {@link plainPromise} gave has settled. */
  static after(promise: Promise<unknown>, waiter: Waiter): void {
    const continuation = spare.pop() ?? new Continuation();
    continuation.#waiter = waiter;
    void promise.then(continuation.#fulfilled, continuation.#rejected);
  }

  #end(): Waiter {
    const waiter = this.#waiter!;
    this.#waiter = undefined;
    if (spare.length < mostSpare) spare.push(this);
    return waiter;
  }
}

/**
 * A promise that settles as `value` does and calls back once, and later. What is awaited may be of any
 * make, and call back twice or at once: that must not reach whom a {@link Continuation} serves next.
 */
export function plainPromise(value: PromiseLike<unknown>): Promise<unknown> {
  // A plain one is given back as it is; there may be a method of its own in front of the language's.
  return value.then === Promise.prototype.then ? Promise.resolve(value) : awaited(value);
}

async function awaited(value: PromiseLike<unknown>): Promise<void> {
  await value;
}
