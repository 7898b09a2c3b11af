import type { GroupWatcher, Watch } from "./channel-layer.ts";
import type { GroupPattern } from "./group-pattern.ts";

/**
 * Those in this process who want to know which groups have members.
 *
 * Each of them hears of one group in turns: occupied, vacated, occupied. What happens while they are
 * told comes afterwards, so all of them see one order.
 */
export class GroupWatchers {
  readonly #entries = new Set<Entry>();
  readonly #onError: (error: unknown) => void;
  /** What happened and was not told yet. */
  #events: Event[] = [];
  #telling = false;

  /** `onError` gets what watchers throw, which they must not. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** Adds one and tells it of the groups that are occupied now. */
  add(pattern: GroupPattern, watcher: GroupWatcher, occupied: Iterable<string>): Watch {
    const entry: Entry = { pattern, watcher, told: new Set() };
    this.#entries.add(entry);
    for (const group of occupied) this.#events.push({ group, occupied: true, to: entry });
    this.#tell();
    return {
      close: () => {
        this.#entries.delete(entry);
        return Promise.resolve();
      },
    };
  }

  /** A group has its first member. Whoever knows that already is not told again. */
  occupied(group: string): void {
    if (this.#entries.size === 0) return;
    this.#events.push({ group, occupied: true, to: undefined });
    this.#tell();
  }

  /** A group has lost its last member. */
  vacated(group: string): void {
    if (this.#entries.size === 0) return;
    this.#events.push({ group, occupied: false, to: undefined });
    this.#tell();
  }

  /** Forgets all of them. */
  clear(): void {
    this.#entries.clear();
    this.#events = [];
  }

  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
      for (const entry of event.to === undefined ? [...this.#entries] : [event.to]) {
        if (this.#entries.has(entry)) this.#tellOne(entry, event);
      }
    }
    this.#telling = false;
  }

  #tellOne({ pattern, watcher, told }: Entry, { group, occupied }: Event): void {
    if (!pattern.matches(group) || told.has(group) === occupied) return;
    try {
      if (occupied) {
        told.add(group);
        watcher.occupied?.(group);
      } else {
        told.delete(group);
        watcher.vacated?.(group);
      }
    } catch (error) {
      this.#onError(error);
    }
  }
}

interface Entry {
  readonly pattern: GroupPattern;
  readonly watcher: GroupWatcher;
  /** The groups that it takes for occupied. */
  readonly told: Set<string>;
}

interface Event {
  readonly group: string;
  readonly occupied: boolean;
  /** The one it is for; everybody if undefined. */
  readonly to: Entry | undefined;
}
