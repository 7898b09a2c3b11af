import type { SessionStore } from "./session-store.ts";

/** Who wants to hear of each store, one wrapped method for all of them. */
const watchers = new WeakMap<SessionStore, Set<(id: string) => void>>();

/**
 * Calls `watcher` with the id of every session that is destroyed through this store object, whoever
 * does it: a logout over HTTP above all. It comes once the store has confirmed, and before whoever
 * destroyed it hears of that.
 *
 * The object gets a `destroy` of its own. A wrapper around the store would not do: regeneration calls
 * `this.destroy` inside.
 */
export function watchDestroy(store: SessionStore, watcher: (id: string) => void): void {
  const known = watchers.get(store);
  if (known !== undefined) {
    known.add(watcher);
    return;
  }
  const all = new Set([watcher]);
  const { destroy } = store;
  store.destroy = function (id, callback) {
    return destroy.call(this, id, (error, ...rest: []) => {
      if (!error) for (const each of all) each(id);
      callback?.(error, ...rest);
    });
  };
  watchers.set(store, all);
}
