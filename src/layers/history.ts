import type { Delivery, LayerMessage } from "./channel-layer.ts";
import { deliveryOf } from "./delivery.ts";
import { type FullHistoryRule, messageCost } from "./history-rule.ts";
import { formatPosition, type Position } from "./position.ts";
import type { HistoryItem, Slice } from "./slice.ts";

/**
 * The newest messages of one group, in this process: bounded in number, bytes and age.
 *
 * Offsets count from 1 without a hole for as long as the object lives, so its epoch must be its own.
 * Everything here happens at once: whoever appends and delivers in one turn has one order for all.
 */
export class History<M = LayerMessage> {
  readonly epoch: string;
  readonly rule: FullHistoryRule;
  readonly #group: string;
  /** Oldest first, from `#head` on. */
  #entries: (Entry<M> | undefined)[] = [];
  #head = 0;
  #top = 0;
  #bytes = 0;
  #idBytes = 0;
  /** The ids of messages, oldest first, which is the order in which they are forgotten. */
  readonly #ids = new Map<string, Sent>();
  #lastUse: number;

  /** `epoch` names this history and no other one, ever. */
  constructor(group: string, epoch: string, rule: FullHistoryRule, now: number) {
    this.#group = group;
    this.epoch = epoch;
    this.rule = rule;
    this.#lastUse = now;
  }

  /** The newest offset; 0 before the first message. */
  get top(): number {
    return this.#top;
  }

  /** What its messages and their ids take. */
  get bytes(): number {
    return this.#bytes + this.#idBytes;
  }

  /** How many messages it holds. */
  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** The position of the newest message. */
  get position(): string {
    return formatPosition(this.epoch, this.#top);
  }

  /** The position that a message with this id got, if it was within the window. */
  positionOf(id: string, now: number): string | undefined {
    const sent = this.#ids.get(id);
    return sent !== undefined && sent.expires > now ? sent.position : undefined;
  }

  /** Adds a message; the oldest ones give way. `size` is that of its encoded form. */
  append(message: M, size: number, now: number, options: AppendOptions): HistoryItem<M> {
    const { id, except } = options;
    const previous = this.#top;
    const offset = previous + 1;
    const position = formatPosition(this.epoch, offset);
    const delivery = deliveryOf(this.#group, id, position);
    const cost = size + messageCost;
    const expires = now + this.rule.ttl;
    this.#top = offset;
    this.#bytes += cost;
    this.#lastUse = now;
    const entry: Entry<M> = { offset, previous, message, delivery, except, cost, expires };
    this.#entries.push(entry);
    if (id !== undefined) this.#remember(id, position, now);
    this.#trim(now);
    return entry;
  }

  /** What came after a position, at most `limit` messages of it; without one, only where it stands. */
  read(since: Position | undefined, limit: number, now: number): Slice<M> {
    this.#trim(now);
    this.#lastUse = now;
    const { epoch } = this;
    const top = this.#top;
    const first = top - this.length + 1;
    const oldest = first > top ? undefined : first;
    if (since === undefined || since.epoch !== epoch || since.offset > top) {
      return { epoch, top, oldest, items: undefined };
    }
    const missed = since.offset + 1;
    if (missed < first) return { epoch, top, oldest, items: undefined };
    const start = this.#head + (missed - first);
    return { epoch, top, oldest, items: this.#entries.slice(start, start + limit) as Entry<M>[] };
  }

  /** Forgets what is too old. Returns true if nothing but the epoch and the offset is left. */
  sweep(now: number): boolean {
    this.#trim(now);
    for (const [id, { expires }] of this.#ids) {
      if (expires > now) break;
      this.#forget(id);
    }
    return this.length === 0 && this.#ids.size === 0;
  }

  /** Somebody uses it. */
  touch(now: number): void {
    this.#lastUse = now;
  }

  /** Whether nobody has added or asked for anything since `moment`. */
  isUnusedSince(moment: number): boolean {
    return this.#lastUse <= moment;
  }

  /** Forgets the oldest message, for the sake of other groups. */
  dropOldest(): void {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return;
    this.#bytes -= entry.cost;
    this.#entries[this.#head] = undefined;
    this.#head += 1;
    // Moving the rest forward only when it is the smaller part makes a drop cheap on average.
    if (this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  #trim(now: number): void {
    const { size, bytes } = this.rule;
    for (;;) {
      const oldest = this.#entries[this.#head];
      if (oldest === undefined) return;
      const tooMany = this.length > size || (this.#bytes > bytes && this.length > 1);
      if (!tooMany && oldest.expires > now) return;
      this.dropOldest();
    }
  }

  #remember(id: string, position: string, now: number): void {
    const { ids, idWindow } = this.rule;
    // An id that came back after its window goes to the end of the line.
    this.#forget(id);
    this.#ids.set(id, { position, expires: now + idWindow });
    this.#idBytes += id.length + idCost;
    if (this.#ids.size > ids) this.#forget(this.#ids.keys().next().value as string);
  }

  #forget(id: string): void {
    if (this.#ids.delete(id)) this.#idBytes -= id.length + idCost;
  }
}

/** What {@link History.append} wants to know of a message. */
export interface AppendOptions {
  readonly id?: string | undefined;
  readonly except?: string | undefined;
}

interface Entry<M> extends HistoryItem<M> {
  readonly delivery: Delivery;
  readonly cost: number;
  readonly expires: number;
}

/** What remembering an id takes beside its letters: measured, and rounded up. */
const idCost = 256;

interface Sent {
  readonly position: string;
  readonly expires: number;
}
