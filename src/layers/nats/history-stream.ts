import { away } from "../away.ts";
import type { Append, KeptItem, KeptSlice } from "../broker/broker.ts";
import type { Position } from "../position.ts";
import type { FollowedGroup } from "./followed-group.ts";
import { SentHeaders } from "./nats-connection.ts";
import {
  foreign,
  maxAgeOf,
  mostHeld,
  StreamFinder,
  type StreamFinderOptions,
} from "./stream-finder.ts";
import { digest, epochOf } from "./subjects.ts";

/** What a {@link HistoryStream} needs to know. */
export interface HistoryStreamOptions extends StreamFinderOptions {
  /** The history of all groups goes on in another stream. */
  readonly renewed: () => void;
}

/**
 * The histories of all groups of one rule: a stream of JetStream, with one subject for each group.
 *
 * Offsets are the stream's numbers, so those of one group have gaps between them. The end of the
 * stream's name is the epoch. It is random, and no name is used twice: a stream that has lost what it
 * held, in whole or in part, is deleted, and another one made. That it has is known when it gives a
 * number again that it gave before.
 */
export class HistoryStream {
  /** For how long a message is held for certain, if its group does not get too many, in milliseconds. */
  readonly holdsFor: number;
  readonly #options: HistoryStreamOptions;
  readonly #finder: StreamFinder;
  /** The stream, as long as nothing speaks against it. */
  #name: string | undefined;
  /** The last one that was found good, and the highest number that it has given. */
  #former: string | undefined;
  #highest = 0;
  /** The highest number that came live. */
  #heard = 0;
  #opening: Promise<string> | undefined;
  #checking: Promise<boolean> | undefined;
  /** What waits until the stream is found, in the order in which it was asked. */
  #queue: Waiting[] = [];

  constructor(options: HistoryStreamOptions) {
    const { rule, stream } = options;
    this.#options = options;
    this.#finder = new StreamFinder(options);
    this.holdsFor = stream.bytes === undefined ? maxAgeOf(rule) : 0;
  }

  /** The stream has published a number again: they come in their order, unless it has lost some. */
  heard(name: string, seq: number): void {
    if (name !== this.#name) return this.#doubt(this.#name);
    if (seq <= this.#heard) return void this.#isWhole(name);
    this.#heard = seq;
    if (seq > this.#highest) this.#highest = seq;
  }

  /** Looks for the stream again before anything is asked of it: the server may be another one. */
  async reopen(): Promise<void> {
    this.#name = undefined;
    await this.#open();
  }

  /** Whether a stream of this name is, or was, this one. */
  mayBe(name: string): boolean {
    return name.startsWith(this.#options.subjects.stream);
  }

  /** See {@link Broker.append}. */
  append(append: Append): Promise<Position> {
    if (this.#name !== undefined) return this.#append(append, this.#name);
    return new Promise((resolve, reject) => {
      this.#queue.push({ append, resolve, reject });
      void this.#open().catch(() => {});
    });
  }

  /** See {@link Broker.read}. `followed` is what is known of the group if this process follows it. */
  async read(
    group: string,
    since: Position | undefined,
    limit: number,
    followed: FollowedGroup | undefined,
  ): Promise<KeptSlice> {
    const { jetStream, subjects } = this.#options;
    const name = this.#name ?? (await this.#open());
    const epoch = this.#epochOf(name, group);
    const subject = subjects.of(group);
    const proven = followed?.provenIn(epoch);
    const isProven =
      proven !== undefined && since !== undefined && since.offset >= proven && followed!.isFresh;
    const [top, oldest] = await Promise.all([
      this.#top(name, group, followed),
      jetStream.get(name, { seq: 1, next_by_subj: subject }).then((message) => message?.seq),
    ]);
    if (since === undefined || since.epoch !== epoch || since.offset > top) {
      return { epoch, top, oldest, items: undefined };
    }
    if (since.offset === top) return { epoch, top, oldest, items: [] };
    const items = await this.#walk(name, subject, since.offset, top, limit);
    const anchor = followed?.anchorOf(epoch, since.offset) ?? since.offset;
    const isWhole =
      anchor === since.offset
        ? await this.#reaches(name, subject, anchor, isProven)
        : await this.#holds(name, subject, anchor);
    return { epoch, top, oldest, items: isWhole ? items : undefined };
  }

  /** The newest offset of a group; an empty group stands where the whole stream stands. */
  async #top(name: string, group: string, followed: FollowedGroup | undefined): Promise<number> {
    const { jetStream, subjects, clock } = this.#options;
    const epoch = this.#epochOf(name, group);
    const subject = subjects.of(group);
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const at = clock.now();
      const proven = followed?.provenIn(epoch) ?? 0;
      const message = await jetStream.get(name, { last_by_subj: subject });
      let last = message?.seq;
      if (last === undefined) {
        const state = (await jetStream.info(name, subject))?.state;
        if (state === undefined) {
          this.#doubt(name);
          throw away(`the JetStream stream ${name} is gone`);
        }
        // One has come in between.
        if ((state.subjects?.[subject] ?? 0) > 0) continue;
        last = state.last_seq;
      }
      if (last < proven || (message === undefined && last < this.#highest)) {
        // Less than was known: it was lost, or whoever answers does not know that it leads no more.
        if (!(await this.#isWhole(name)))
          throw away(`the JetStream stream ${name} may have lost some`);
        if (message === undefined) continue;
        // Somebody has deleted the newest message.
        last = proven;
      }
      followed?.prove(epoch, last, message === undefined, clock.now() - at);
      return last;
    }
    throw away(`the JetStream stream ${name} does not say where it stands`);
  }

  #epochOf(name: string, group: string): string {
    return epochOf(name, digest(group))!;
  }

  /** What a group was sent after an offset. */
  async #walk(
    name: string,
    subject: string,
    since: number,
    top: number,
    limit: number,
  ): Promise<KeptItem[]> {
    const items: KeptItem[] = [];
    let previous = since;
    while (items.length < limit && previous < top) {
      const message = await this.#options.jetStream.get(name, {
        seq: previous + 1,
        next_by_subj: subject,
      });
      if (message === undefined) break;
      items.push({ offset: message.seq, previous, data: message.data });
      previous = message.seq;
    }
    return items;
  }

  /**
   * Whether every message of a group after an offset is still held. The oldest always goes first, so
   * it is enough that the one with the offset is there. If it is not, or was none of the group's,
   * nothing may have been too much for the group, and either nothing of the whole stream that came
   * later is gone, or it is proven that what came later is too young for that.
   */
  async #reaches(
    name: string,
    subject: string,
    offset: number,
    isProven: boolean,
  ): Promise<boolean> {
    if (await this.#holds(name, subject, offset)) return true;
    const { jetStream, rule } = this.#options;
    const state = (await jetStream.info(name, subject))?.state;
    if (state === undefined || (state.subjects?.[subject] ?? 0) >= mostHeld(rule)) return false;
    return isProven || state.first_seq <= offset + 1;
  }

  /** Whether a group's message with this offset is still there. */
  async #holds(name: string, subject: string, offset: number): Promise<boolean> {
    if (offset === 0) return false;
    const message = await this.#options.jetStream.get(name, { seq: offset });
    return message?.subject === subject;
  }

  async #append({ group, data, id }: Append, name: string): Promise<Position> {
    const { jetStream, subjects } = this.#options;
    const highest = this.#highest;
    const headers =
      id === undefined
        ? undefined
        : new SentHeaders("Nats-Msg-Id", digest(`${group}\n${id}`).slice(0, 32));
    const ack = await jetStream.append(subjects.of(group), data, headers);
    if (ack === undefined) {
      this.#doubt(name);
      throw away(`the JetStream stream ${name} is gone, or has no leader`);
    }
    const { stream, seq, duplicate } = ack;
    const epoch = epochOf(stream, digest(group));
    if (epoch === undefined) throw foreign(stream, subjects.groups);
    if (stream !== name) this.#doubt(name);
    else if (!duplicate && seq <= highest) {
      this.#condemn(name);
      throw away(`the JetStream stream ${name} has lost messages`);
    } else if (name === this.#name && seq > this.#highest) this.#highest = seq;
    return { epoch, offset: seq };
  }

  /** Something speaks against the stream: it is looked for again. */
  #doubt(name: string | undefined): void {
    if (name === undefined || name !== this.#name) return;
    this.#name = undefined;
    void this.#open().catch(() => {});
  }

  #condemn(name: string): void {
    this.#finder.condemn(name);
    if (name === this.#name) this.#name = undefined;
    void this.#open().catch(() => {});
  }

  /** Asks for one number more, which cannot be one that was given before. */
  #isWhole(name: string): Promise<boolean> {
    this.#checking ??= this.#mark(name)
      .catch(() => false)
      .finally(() => {
        this.#checking = undefined;
      });
    return this.#checking;
  }

  async #mark(name: string): Promise<boolean> {
    const highest = this.#highest;
    const ack = await this.#options.jetStream.append(this.#options.subjects.mark, nothing);
    if (name !== this.#name) return false;
    if (ack?.stream !== name) this.#doubt(name);
    else if (ack.seq <= highest) this.#condemn(name);
    else return true;
    return false;
  }

  #open(): Promise<string> {
    const known = { name: this.#former, highest: this.#highest };
    this.#opening ??= this.#finder.find(known).then(
      ({ name, last }) => {
        this.#opening = undefined;
        const isRenewed = this.#former !== undefined && this.#former !== name;
        if (name !== this.#former) this.#heard = this.#highest = 0;
        this.#highest = Math.max(this.#highest, last);
        this.#name = this.#former = name;
        const queue = this.#queue;
        this.#queue = [];
        for (const { append, resolve } of queue) resolve(this.#append(append, name));
        if (isRenewed) this.#options.renewed();
        return name;
      },
      (error: Error) => {
        this.#opening = undefined;
        this.#fail(error);
        throw error;
      },
    );
    return this.#opening;
  }

  #fail(error: Error): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const { reject } of queue) reject(error);
  }
}

interface Waiting {
  readonly append: Append;
  readonly resolve: (position: Promise<Position>) => void;
  readonly reject: (error: Error) => void;
}

const nothing = new Uint8Array(0);

/** How often something that others change at the same time is tried. */
const mostAttempts = 5;
