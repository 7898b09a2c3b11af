/**
 * Makes an object that inherits no names, for keys that come from outside: `__proto__` is a key like
 * any other. Unlike `Object.create(null)` it costs no hash table each.
 */
export function bareRecord<T>(): Record<string, T> {
  return new Bare() as Record<string, T>;
}

const Bare = function () {} as unknown as new () => object;
Bare.prototype = Object.freeze(Object.create(null));

/** The one without keys. */
export const emptyRecord: Readonly<Record<string, never>> = Object.freeze(bareRecord<never>());
