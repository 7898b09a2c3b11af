import type { Delivery, Gap, Joined, LayerMessage } from "../../src/layers/channel-layer.ts";
import { GroupFeed } from "../../src/layers/group-feed.ts";
import { History } from "../../src/layers/history.ts";
import { type HistoryRule, HistoryRules } from "../../src/layers/history-rule.ts";
import { LocalGroups, type LocalMember } from "../../src/layers/local-groups.ts";
import { parsePosition, type Position } from "../../src/layers/position.ts";
import type { HistoryItem, Slice } from "../../src/layers/slice.ts";
import { note } from "../../src/testing/layer-reader.ts";

/** A read that is under way: the test answers it when it pleases. */
export interface Read {
  readonly since: Position | undefined;
  readonly limit: number;
  /** With what the history holds now, or with something else. */
  answer(slice?: Partial<Slice>): Promise<void>;
  fail(): Promise<void>;
}

/** A history that is read over a network, as the test moves it. */
export class Backend {
  history: History;
  reads: Read[] = [];
  readonly #rule: HistoryRule;
  #epochs = 0;

  constructor(rule: Partial<HistoryRule> = {}) {
    this.#rule = { groups: "*", size: 10_000, bytes: 2 ** 30, ...rule };
    this.history = this.#begin();
  }

  /** Loses everything, and begins anew. */
  lose(): void {
    this.history = this.#begin();
  }

  append(count = 1, except?: string): HistoryItem[] {
    return Array.from({ length: count }, () =>
      this.history.append(note(this.history.top + 1), 1, 0, { except }),
    );
  }

  read(_group: string, since: Position | undefined, limit: number): Promise<Slice> {
    return new Promise((resolve, reject) => {
      const settle = async (act: () => void): Promise<void> => {
        this.reads = this.reads.filter((other) => other !== read);
        act();
        await settled();
      };
      const read: Read = {
        since,
        limit,
        answer: (slice) =>
          settle(() => resolve({ ...this.history.read(since, limit, 0), ...slice })),
        fail: () => settle(() => reject(new Error("the backend is away"))),
      };
      this.reads.push(read);
    });
  }

  /** Answers every read, and those that follow, as long as there are any. */
  async answerAll(): Promise<void> {
    for (let rounds = 0; this.reads.length > 0; rounds += 1) {
      if (rounds > 1_000) throw new Error("the reads never end");
      await this.reads[0]!.answer();
    }
  }

  #begin(): History {
    this.#epochs += 1;
    const rule = new HistoryRules([this.#rule]).of("room")!;
    return new History("room", `e${this.#epochs}`, rule, 0);
  }
}

/** A member of the room, which writes down what it gets. */
export class FeedMember implements LocalMember {
  readonly name: string;
  /** Offsets, and gaps as text. */
  readonly log: (number | string)[] = [];
  room: number = Infinity;
  onOffer: (offset: number) => void = () => {};

  constructor(name = "member") {
    this.name = name;
  }

  answersTo(name: string): boolean {
    return this.name === name;
  }

  deliver(message: LayerMessage, delivery: Delivery): void {
    this.offer(message, delivery);
  }

  offer(message: LayerMessage, delivery: Delivery): boolean {
    if (this.room === 0) return false;
    this.room -= 1;
    const { offset } = parsePosition(delivery.position)!;
    if (message.text !== offset) throw new Error("a message under another one's position");
    this.log.push(offset);
    this.onOffer(offset);
    return true;
  }

  gap(gap: Gap): void {
    this.log.push(`gap ${gap.lastSeen}..${gap.top}`);
  }
}

/** A feed with a backend, as a layer over a network has them. */
export class FeedRig {
  readonly backend: Backend;
  /** What members threw. */
  readonly errors: unknown[] = [];
  readonly groups: LocalGroups = new LocalGroups((error) => this.errors.push(error));
  readonly feed: GroupFeed;
  /** Members that are not level, as the feed tells it. */
  readonly behind: Set<LocalMember> = new Set();

  constructor(rule: Partial<HistoryRule> = {}, recover = 10_000) {
    this.backend = new Backend(rule);
    this.feed = new GroupFeed({
      group: "room",
      groups: this.groups,
      source: this.backend,
      recover,
      observer: {
        behind: (member) => void this.behind.add(member),
        level: (member) => void this.behind.delete(member),
      },
    });
  }

  /** Joins, and answers the reads that it takes. */
  async join(member: FeedMember, since?: string): Promise<Joined> {
    const joining = this.start(member, since);
    await this.backend.answerAll();
    return joining;
  }

  /** Joins, and leaves the reads to the test. */
  start(member: FeedMember, since?: string): Promise<Joined> {
    this.groups.join("room", member);
    return Promise.resolve(this.feed.join(member, since));
  }

  leave(member: FeedMember): void {
    this.groups.leave("room", member);
    this.feed.leave(member);
  }

  /** Messages arrive live. */
  live(...items: readonly HistoryItem[]): void {
    for (const item of items) this.feed.live(this.backend.history.epoch, item);
  }
}

/** Resolves when all microtasks so far, and those that they cause, have run. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
