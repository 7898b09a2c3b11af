import type { Clock } from "../../internal/clock.ts";
import { away } from "../away.ts";
import type { BrokerLink } from "./broker-link.ts";
import type { LetterOf, Process } from "./letters.ts";

/** What {@link Mirrors} need to know. */
export interface MirrorsOptions {
  readonly self: Process;
  readonly link: BrokerLink;
  readonly clock: Clock;
  /** How long others may take to tell their parts, in milliseconds. */
  readonly timeout: number;
  /** The other processes. */
  readonly others: () => Iterable<Process>;
}

/** Who hears what other processes have. */
export interface MirrorListener {
  /** A process has this, perhaps as before. */
  set(process: Process, key: string, value: unknown): void;
  /** It has it no longer. */
  delete(process: Process, key: string): void;
}

/**
 * What all other processes have of some topics: who is shown in a group, which groups have members,
 * which fixed names are read. Each process tells its {@link Parts}, in numbered letters. After a hole
 * in the numbers, and whenever something may have been missed, it is asked again, and the difference
 * is told; so the last word is the truth. What a process had goes with it.
 */
export class Mirrors {
  readonly #options: MirrorsOptions;
  readonly #mirrors = new Map<string, Mirror>();

  constructor(options: MirrorsOptions) {
    this.#options = options;
  }

  /** How many topics are mirrored. */
  get size(): number {
    return this.#mirrors.size;
  }

  /** Begins to mirror a topic. */
  open(topic: string, listener: MirrorListener): void {
    if (this.#mirrors.has(topic)) return;
    const mirror: Mirror = { topic, listener, parts: new Map(), waiters: new Set() };
    this.#mirrors.set(topic, mirror);
    for (const process of this.#options.others()) this.#follow(mirror, process);
  }

  /** Resolves when all other processes have told their parts. Rejects if one stands still. */
  async whole(topic: string): Promise<void> {
    const mirror = this.#mirrors.get(topic);
    if (mirror === undefined || isWhole(mirror)) return;
    const { clock, timeout } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const cancel = clock.after(timeout, () => {
        mirror.waiters.delete(done);
        reject(away(`another process did not tell what it has within ${timeout} ms`));
      });
      const done = (): void => {
        cancel();
        resolve();
      };
      mirror.waiters.add(done);
    });
  }

  /** Ends to mirror a topic. The listener hears nothing more. */
  close(topic: string): void {
    const mirror = this.#mirrors.get(topic);
    if (mirror === undefined) return;
    this.#mirrors.delete(topic);
    const { self, link } = this.#options;
    for (const process of mirror.parts.keys()) {
      link.post(process, { kind: "unfollow", from: self, topic });
    }
    for (const done of mirror.waiters) done();
  }

  /** A piece of a part came. */
  take({ from, topic, stream, number, entries, isWhole: isEnd }: LetterOf<"part">): void {
    const { self, link } = this.#options;
    const mirror = this.#mirrors.get(topic);
    if (mirror === undefined) return link.post(from, { kind: "unfollow", from: self, topic });
    const part = mirror.parts.get(from);
    if (part === undefined || stream < part.stream) return;
    if (stream > part.stream && number === 1) {
      part.stream = stream;
      part.number = 0;
      part.isAsked = false;
      part.fresh = new Set();
    }
    if (stream === part.stream && number <= part.number) return;
    if (stream > part.stream || number > part.number + 1) return this.#ask(mirror, from, part);
    part.number = number;
    for (const [key, value] of entries) this.#apply(mirror, from, part, key, value);
    if (isEnd && part.fresh !== undefined) this.#complete(mirror, from, part, part.fresh);
  }

  /** There is another process. */
  came(process: Process): void {
    for (const mirror of this.#mirrors.values()) this.#follow(mirror, process);
  }

  /** What a process said may be missing. */
  returned(process: Process): void {
    for (const mirror of this.#mirrors.values()) {
      const part = mirror.parts.get(process);
      if (part === undefined) this.#follow(mirror, process);
      else this.#verify(mirror, process, part);
    }
  }

  /** A process is not there any more. */
  left(process: Process): void {
    for (const mirror of this.#mirrors.values()) {
      const part = mirror.parts.get(process);
      if (part === undefined) continue;
      mirror.parts.delete(process);
      for (const key of part.keys) mirror.listener.delete(process, key);
      this.#look(mirror);
    }
  }

  /** Asks whether something of a topic was missed, or of all. */
  check(topic?: string): void {
    for (const mirror of this.#mirrors.values()) {
      if (topic !== undefined && mirror.topic !== topic) continue;
      for (const [process, part] of mirror.parts) this.#verify(mirror, process, part);
    }
  }

  /** Forgets all of them. */
  clear(): void {
    for (const { waiters } of this.#mirrors.values()) for (const done of waiters) done();
    this.#mirrors.clear();
  }

  #follow(mirror: Mirror, process: Process): void {
    const keys = new Set<string>();
    const part: Part = {
      stream: 0,
      number: 0,
      keys,
      fresh: undefined,
      isAsked: false,
      isWhole: false,
    };
    mirror.parts.set(process, part);
    this.#ask(mirror, process, part);
  }

  #ask(mirror: Mirror, process: Process, part: Part): void {
    if (part.isAsked) return;
    part.isAsked = true;
    this.#say(mirror, process, part, 0);
  }

  #verify(mirror: Mirror, process: Process, part: Part): void {
    // A part that is being told, or was asked for, may never come whole if a letter was lost.
    const isLevel = part.isWhole && part.fresh === undefined && !part.isAsked;
    this.#say(mirror, process, part, isLevel ? part.number : 0);
  }

  #say({ topic }: Mirror, process: Process, { stream }: Part, number: number): void {
    const { self, link } = this.#options;
    link.post(process, { kind: "follow", from: self, topic, stream, number });
  }

  #apply({ listener }: Mirror, process: Process, part: Part, key: string, value: unknown): void {
    part.fresh?.add(key);
    if (value === undefined) {
      part.fresh?.delete(key);
      if (part.keys.delete(key)) listener.delete(process, key);
      return;
    }
    part.keys.add(key);
    listener.set(process, key, value);
  }

  /** Everything was told: what was not among it is gone. */
  #complete(mirror: Mirror, process: Process, part: Part, fresh: ReadonlySet<string>): void {
    part.fresh = undefined;
    for (const key of [...part.keys]) {
      if (fresh.has(key)) continue;
      part.keys.delete(key);
      mirror.listener.delete(process, key);
    }
    part.isWhole = true;
    this.#look(mirror);
  }

  #look(mirror: Mirror): void {
    if (mirror.waiters.size === 0 || !isWhole(mirror)) return;
    const waiters = [...mirror.waiters];
    mirror.waiters.clear();
    for (const done of waiters) done();
  }
}

interface Mirror {
  readonly topic: string;
  readonly listener: MirrorListener;
  readonly parts: Map<Process, Part>;
  /** Those who wait until all is known. */
  readonly waiters: Set<() => void>;
}

/** What one process has, as far as it is known. */
interface Part {
  stream: number;
  /** The last letter of the stream that was used. */
  number: number;
  readonly keys: Set<string>;
  /** The keys that were told since the stream began, until everything was. */
  fresh: Set<string> | undefined;
  /** It was asked to tell everything, and has not begun to. */
  isAsked: boolean;
  /** Everything was told at least once. */
  isWhole: boolean;
}

function isWhole({ parts }: Mirror): boolean {
  for (const part of parts.values()) if (!part.isWhole) return false;
  return true;
}
