import type { GroupWatcher, Watch } from "../channel-layer.ts";
import { GroupPattern } from "../group-pattern.ts";
import { GroupWatchers } from "../group-watchers.ts";
import type { LocalGroups } from "../local-groups.ts";
import type { Entry, Process } from "./letters.ts";
import type { MirrorListener, Mirrors } from "./mirrors.ts";
import type { Parts } from "./parts.ts";

/** What {@link GroupObservers} need to know. */
export interface GroupObserversOptions {
  readonly self: Process;
  readonly groups: LocalGroups;
  readonly mirrors: Mirrors;
  readonly parts: Parts;
  readonly onError: (error: unknown) => void;
}

/** Who of this process watches which groups have members, anywhere; and what it tells others of its own. */
export class GroupObservers {
  readonly #options: GroupObserversOptions;
  readonly #views = new Map<string, View>();
  /** The patterns of others. */
  readonly #patterns = new Map<string, GroupPattern>();

  constructor(options: GroupObserversOptions) {
    this.#options = options;
  }

  /** Adds a watcher: resolves once it was told of all groups that are occupied. */
  async add(pattern: GroupPattern, watcher: GroupWatcher): Promise<Watch> {
    const { mirrors } = this.#options;
    const topic = `w${pattern.text}`;
    let view = this.#views.get(pattern.text);
    if (view === undefined) {
      view = new View(pattern, this.#options.onError);
      this.#views.set(pattern.text, view);
      for (const [group] of this.entries(pattern.text)) view.set(this.#options.self, group);
      mirrors.open(topic, view);
    }
    const here = view;
    here.preparing += 1;
    const release = (): void => {
      if (here.preparing > 0 || here.watchers.size > 0) return;
      if (this.#views.get(pattern.text) !== here) return;
      this.#views.delete(pattern.text);
      mirrors.close(topic);
    };
    try {
      await mirrors.whole(topic);
    } catch (error) {
      here.preparing -= 1;
      release();
      throw error;
    }
    here.preparing -= 1;
    const watch = here.watchers.add(pattern, watcher, here.occupied);
    return {
      close: () => {
        void watch.close();
        release();
        return Promise.resolve();
      },
    };
  }

  /** A group has its first member here. */
  occupied(group: string): void {
    this.#changed(group, true);
  }

  /** A group has lost its last member here. */
  vacated(group: string): void {
    this.#changed(group, undefined);
  }

  /** The groups with members here that match a pattern. */
  *entries(pattern: string): Iterable<Entry> {
    const matching = this.#patternOf(pattern);
    if (matching === undefined) return;
    for (const group of this.#options.groups.names()) {
      if (matching.matches(group)) yield [group, true];
    }
  }

  /** Forgets all of them. */
  clear(): void {
    for (const { watchers } of this.#views.values()) watchers.clear();
    this.#views.clear();
    this.#patterns.clear();
  }

  #changed(group: string, value: true | undefined): void {
    const { self, parts } = this.#options;
    for (const view of this.#views.values()) {
      if (!view.pattern.matches(group)) continue;
      if (value === undefined) view.delete(self, group);
      else view.set(self, group);
    }
    for (const pattern of parts.patterns) {
      if (this.#patternOf(pattern)?.matches(group)) parts.changed(`w${pattern}`, group, value);
    }
  }

  /** A pattern may come from another process: undefined for what is none. */
  #patternOf(text: string): GroupPattern | undefined {
    let pattern = this.#patterns.get(text);
    if (pattern !== undefined) return pattern;
    try {
      pattern = new GroupPattern(text, "groups");
    } catch {
      return undefined;
    }
    if (this.#patterns.size >= mostPatterns) this.#patterns.clear();
    this.#patterns.set(text, pattern);
    return pattern;
  }
}

/** How many patterns are kept read. */
const mostPatterns = 1_000;

/** Which groups that match a pattern have members, and in which processes. */
class View implements MirrorListener {
  readonly pattern: GroupPattern;
  readonly watchers: GroupWatchers;
  readonly #processes = new Map<string, Set<Process>>();
  /** How many watchers wait until all is known. */
  preparing = 0;

  constructor(pattern: GroupPattern, onError: (error: unknown) => void) {
    this.pattern = pattern;
    this.watchers = new GroupWatchers(onError);
  }

  get occupied(): Iterable<string> {
    return this.#processes.keys();
  }

  set(process: Process, group: string): void {
    const processes = this.#processes.get(group);
    if (processes !== undefined) {
      processes.add(process);
      return;
    }
    this.#processes.set(group, new Set([process]));
    this.watchers.occupied(group);
  }

  delete(process: Process, group: string): void {
    const processes = this.#processes.get(group);
    processes?.delete(process);
    if (processes?.size !== 0) return;
    this.#processes.delete(group);
    this.watchers.vacated(group);
  }
}
