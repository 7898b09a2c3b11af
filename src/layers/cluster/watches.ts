import type { GroupWatcher } from "../channel-layer.ts";

/**
 * The watchers of one worker. The office says which groups are occupied, all of them at first and
 * whenever it has lost sight of the worker; each watcher hears of the differences.
 */
export class Watches {
  readonly #entries = new Map<number, Entry>();
  readonly #onError: (error: unknown) => void;
  #made = 0;

  /** `onError` gets what watchers throw, which they must not. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Adds one; its number. */
  add(groups: string, watcher: GroupWatcher): number {
    this.#made += 1;
    this.#entries.set(this.#made, { groups, watcher, told: new Set() });
    return this.#made;
  }

  /** Takes one away. */
  remove(watch: number): void {
    this.#entries.delete(watch);
  }

  /** Their numbers and patterns. */
  list(): [watch: number, groups: string][] {
    return [...this.#entries].map(([watch, { groups }]) => [watch, groups]);
  }

  /** These groups are occupied, and no others. */
  sync(watch: number, occupied: readonly string[]): void {
    const now = new Set(occupied);
    for (const group of [...(this.#entries.get(watch)?.told ?? [])]) {
      if (!now.has(group)) this.vacated(watch, group);
    }
    for (const group of occupied) this.occupied(watch, group);
  }

  /** A group has its first member. */
  occupied(watch: number, group: string): void {
    const entry = this.#entries.get(watch);
    if (entry === undefined || entry.told.has(group)) return;
    entry.told.add(group);
    this.#tell(() => entry.watcher.occupied?.(group));
  }

  /** A group has lost its last member. */
  vacated(watch: number, group: string): void {
    const entry = this.#entries.get(watch);
    if (entry?.told.delete(group) === true) this.#tell(() => entry.watcher.vacated?.(group));
  }

  /** Forgets all of them. */
  clear(): void {
    this.#entries.clear();
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#onError(error);
    }
  }
}

interface Entry {
  readonly groups: string;
  readonly watcher: GroupWatcher;
  /** The groups that it takes for occupied. */
  readonly told: Set<string>;
}
