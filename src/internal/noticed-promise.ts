/** A promise that knows whether somebody waits for it. */
class Noticed<T> extends Promise<T> {
  awaited = false;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.awaited = true;
    return super.then(onFulfilled, onRejected);
  }
}

/**
 * Hands a promise on. If it fails and nobody has asked for its outcome, `unnoticed` hears of it, where
 * Node would end the process: a forgotten `await` must not take everybody else along. As long as all
 * goes well, it costs one more promise.
 */
export function notice<T>(promise: Promise<T>, unnoticed: (error: unknown) => void): Promise<T> {
  const noticed = new Noticed<T>((resolve, reject) => {
    promise.then(resolve, (error: unknown) => {
      reject(error);
      void handle(noticed, error, unnoticed);
    });
  });
  return noticed;
}

async function handle(
  noticed: Noticed<unknown>,
  error: unknown,
  unnoticed: (error: unknown) => void,
): Promise<void> {
  // From here on it counts as handled.
  void Promise.prototype.then.call(noticed, undefined, () => {});
  // An `await` asks in a microtask of its own, which may come after this one.
  await Promise.resolve();
  await Promise.resolve();
  if (!noticed.awaited) unnoticed(error);
}
