import type { Clock } from "../../internal/clock.ts";
import type { BrokerLink } from "./broker-link.ts";
import type { Entry, LetterOf, Process } from "./letters.ts";

/** What {@link Parts} need to know. */
export interface PartsOptions {
  readonly self: Process;
  readonly link: BrokerLink;
  readonly clock: Clock;
  /** All that this process has of a topic now. */
  readonly list: (topic: string) => Iterable<Entry>;
}

/**
 * What this process has of each topic that other processes mirror: all of it once, and then what
 * changes, in numbered letters. What changes within one turn is one letter, and only the last of it.
 */
export class Parts {
  readonly #options: PartsOptions;
  readonly #topics = new Map<string, Topic>();
  /** Of all topics, what is looked through whenever a group gains or loses members. */
  readonly #patterns = new Set<string>();
  readonly #dirty = new Set<Topic>();
  #streams = 0;
  #isFlushing = false;

  constructor(options: PartsOptions) {
    this.#options = options;
  }

  /** The patterns of groups that somebody watches: topics that begin with a `w`. */
  get patterns(): Iterable<string> {
    return this.#patterns;
  }

  /** Another process wants to know, or asks whether it has all of it. */
  follow({ from, topic: name, stream, number }: LetterOf<"follow">): void {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { name, followers: new Map(), changes: new Map() };
      this.#topics.set(name, topic);
      if (name.startsWith("w")) this.#patterns.add(name.slice(1));
    }
    const known = topic.followers.get(from);
    if (known !== undefined && known.stream === stream && known.number === number) return;
    this.#streams += 1;
    const follower: Follower = { stream: this.#streams, number: 0 };
    topic.followers.set(from, follower);
    this.#sendAll(name, from, follower);
  }

  /** Another process does not want to know any more. */
  unfollow({ from, topic }: Pick<LetterOf<"unfollow">, "from" | "topic">): void {
    const found = this.#topics.get(topic);
    found?.followers.delete(from);
    if (found?.followers.size !== 0) return;
    this.#topics.delete(topic);
    if (topic.startsWith("w")) this.#patterns.delete(topic.slice(1));
  }

  /** A process is not there any more. */
  left(process: Process): void {
    for (const topic of [...this.#topics.keys()]) this.unfollow({ from: process, topic });
  }

  /** Something has changed; without a value it is gone. */
  changed(name: string, key: string, value?: unknown): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    topic.changes.set(key, value);
    this.#dirty.add(topic);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#options.clock.endOfTurn(() => this.flush());
  }

  /** Tells what has changed, now. */
  flush(): void {
    this.#isFlushing = false;
    for (const topic of this.#dirty) {
      const changes = [...topic.changes].map(entryOf);
      topic.changes.clear();
      const pages = this.#pages(changes);
      for (const [process, follower] of topic.followers) {
        for (const entries of pages) this.#send(topic.name, process, follower, entries, true);
      }
    }
    this.#dirty.clear();
  }

  /** Forgets who follows. */
  clear(): void {
    this.#topics.clear();
    this.#patterns.clear();
    this.#dirty.clear();
  }

  #sendAll(topic: string, process: Process, follower: Follower): void {
    const pages = this.#pages(this.#options.list(topic));
    if (pages.length === 0) pages.push([]);
    for (const [index, entries] of pages.entries()) {
      this.#send(topic, process, follower, entries, index === pages.length - 1);
    }
  }

  #send(
    topic: string,
    process: Process,
    follower: Follower,
    entries: readonly Entry[],
    isWhole: boolean,
  ): void {
    const { self, link } = this.#options;
    follower.number += 1;
    const { stream, number } = follower;
    // One that gets lost leaves a hole in the numbers, and the follower asks anew.
    link.post(process, { kind: "part", from: self, topic, stream, number, entries, isWhole });
  }

  /** As many entries in each as fit into one letter. */
  #pages(entries: Iterable<Entry>): Entry[][] {
    const { largestPart } = this.#options.link;
    const pages: Entry[][] = [];
    let room = 0;
    for (const entry of entries) {
      const size = Buffer.byteLength(JSON.stringify(entry)) + 1;
      if (size > room) {
        pages.push([]);
        room = largestPart;
      }
      room -= size;
      pages.at(-1)!.push(entry);
    }
    return pages;
  }
}

interface Topic {
  readonly name: string;
  readonly followers: Map<Process, Follower>;
  /** What has changed in this turn. */
  readonly changes: Map<string, unknown>;
}

interface Follower {
  readonly stream: number;
  /** The last letter that was sent to it. */
  number: number;
}

function entryOf([key, value]: readonly [string, unknown]): Entry {
  return value === undefined ? [key] : [key, value];
}
