/** What {@link Subscriptions} need to know. */
export interface SubscriptionsOptions {
  /** Resolves when what is sent to the group arrives here; rejected, it does not. */
  readonly begin: (group: string) => Promise<void>;
  /** Nothing of it need arrive any more. */
  readonly end: (group: string) => Promise<void>;
  /** Whether a group has members here. */
  readonly isJoined: (group: string) => boolean;
}

/**
 * Which groups this process hears: those that somebody here is in, or joins at the moment.
 *
 * One thing at a time is asked of the engine for each group, and only what it answered counts: so
 * who joins while the last one leaves waits until the engine has forgotten the group, and asks anew.
 */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** How many groups are heard, or are about to be, or were. */
  get size(): number {
    return this.#entries.size;
  }

  /** Calls `join` once the group is heard. If that leaves it without members, it is heard no longer. */
  async hold<T>(group: string, join: () => T): Promise<Awaited<T>> {
    let entry = this.#entries.get(group);
    while (entry?.state === "ending") {
      await entry.change;
      entry = this.#entries.get(group);
    }
    entry ??= this.#begin(group);
    entry.joining += 1;
    let result: T;
    try {
      if (entry.state === "beginning") await entry.change;
      result = join();
    } finally {
      entry.joining -= 1;
      this.release(group);
    }
    return await result;
  }

  /** The last member may have left. */
  release(group: string): void {
    const entry = this.#entries.get(group);
    if (entry?.state !== "on" || entry.joining > 0 || this.#options.isJoined(group)) return;
    entry.state = "ending";
    entry.change = this.#options
      .end(group)
      .catch(() => {})
      .then(() => void this.#entries.delete(group));
  }

  /** Forgets all of them. */
  clear(): void {
    this.#entries.clear();
  }

  #begin(group: string): Entry {
    const entry: Entry = { state: "beginning", joining: 0, change: undefined };
    this.#entries.set(group, entry);
    entry.change = this.#options.begin(group).then(
      () => {
        entry.state = "on";
      },
      (error: unknown) => {
        if (this.#entries.get(group) === entry) this.#entries.delete(group);
        throw error;
      },
    );
    return entry;
  }
}

interface Entry {
  state: "beginning" | "on" | "ending";
  /** How many wait for it, to join. */
  joining: number;
  /** The change that is under way, or was last. */
  change: Promise<void> | undefined;
}
