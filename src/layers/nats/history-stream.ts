import { randomBytes } from "node:crypto";
import { UsageError } from "../../errors.ts";
import type { Clock } from "../../internal/clock.ts";
import type { Append, KeptItem, KeptSlice } from "../broker/broker.ts";
import type { FullHistoryRule } from "../history-rule.ts";
import type { Position } from "../position.ts";
import type { FollowedGroup } from "./followed-group.ts";
import { checkConfig, type JetStream, type StreamConfig } from "./jet-stream.ts";
import { SentHeaders } from "./nats-connection.ts";
import { away } from "./nats-link.ts";
import { digest, epochOf, type HistorySubjects } from "./subjects.ts";

/** How streams are kept by JetStream. */
export interface StreamOptions {
  /** Where the server holds messages. @defaultValue "file" */
  readonly storage?: "file" | "memory";
  /** How many servers hold them: 1, or with a cluster 3 or 5. @defaultValue 1 */
  readonly replicas?: number;
  /**
   * What all groups of one rule hold together, in bytes as the server counts them; the oldest
   * messages give way. @defaultValue no bound but that of the server
   */
  readonly bytes?: number;
  /** The JetStream domain, where there are several. */
  readonly domain?: string;
}

/** What a {@link HistoryStream} needs to know. */
export interface HistoryStreamOptions {
  readonly jetStream: JetStream;
  readonly subjects: HistorySubjects;
  readonly rule: FullHistoryRule;
  readonly stream: StreamOptions;
  readonly clock: Clock;
  /** The history of all groups goes on in another stream. */
  readonly renewed: () => void;
}

/**
 * The histories of all groups of one rule: a stream of JetStream, with one subject for each group.
 *
 * Offsets are the stream's numbers, so those of one group have gaps between them. The end of the
 * stream's name is the epoch. It is random, and no name is used twice: a stream that has lost what it
 * held, in whole or in part, is deleted, and another one made. That it has is known when it gives a
 * number again that it gave before, or when it has no message at all: its maker leaves a mark as its
 * first one.
 */
export class HistoryStream {
  /** How long messages are held, in milliseconds: JetStream remembers no id for longer than that. */
  readonly maxAge: number;
  readonly #options: HistoryStreamOptions;
  readonly #config: Omit<StreamConfig, "name">;
  readonly #most: number;
  /** The stream, as long as nothing speaks against it. */
  #name: string | undefined;
  /** The last one that was found good, and the highest number that it has given. */
  #former: string | undefined;
  #highest = 0;
  /** The highest number that came live. */
  #heard = 0;
  #opening: Promise<string> | undefined;
  /** Streams that have lost something. */
  readonly #condemned = new Set<string>();
  #checking: Promise<void> | undefined;
  /** What waits until the stream is found, in the order in which it was asked. */
  #queue: Waiting[] = [];

  constructor(options: HistoryStreamOptions) {
    const { rule, subjects, stream } = options;
    this.#options = options;
    this.maxAge = maxAgeOf(rule);
    // One more than can be recovered: what a member saw last has to be held to prove the rest whole.
    this.#most = rule.size + 1;
    this.#config = {
      description: `histories of sluice, groups ${rule.groups}`,
      subjects: [subjects.groups, subjects.mark],
      storage: stream.storage ?? "file",
      num_replicas: stream.replicas ?? 1,
      retention: "limits",
      discard: "old",
      max_msgs: -1,
      max_bytes: stream.bytes ?? -1,
      max_msgs_per_subject: this.#most,
      max_age: this.maxAge * nanoseconds,
      duplicate_window: Math.max(rule.idWindow, leastAge) * nanoseconds,
      republish: { src: subjects.groups, dest: subjects.live },
    };
  }

  /** The stream has published a number again: they come in their order, unless it has lost some. */
  heard(name: string, seq: number): void {
    if (name !== this.#name) return this.#doubt(this.#name ?? "");
    if (seq <= this.#heard) return void this.#check();
    this.#heard = seq;
    if (seq > this.#highest) this.#highest = seq;
  }

  /** Looks for the stream again before anything is asked of it: the server may be another one. */
  async reopen(): Promise<void> {
    this.#name = undefined;
    await this.#open();
  }

  /** Fails what waits. */
  close(error: Error): void {
    this.#fail(error);
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
    const isWhole = await this.#reaches(name, subject, anchor, isProven);
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
      if (last >= proven && (message !== undefined || last >= this.#highest)) {
        followed?.prove(epoch, last, message === undefined, at);
        return last;
      }
      // Less than was known: it was lost, or whoever answered does not know that it leads no more.
      await this.#check();
      if (name !== this.#name) throw away(`the JetStream stream ${name} has lost messages`);
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
    const { jetStream } = this.#options;
    const anchor = offset > 0 ? await jetStream.get(name, { seq: offset }) : undefined;
    if (anchor?.subject === subject) return true;
    const state = (await jetStream.info(name, subject))?.state;
    if (state === undefined || (state.subjects?.[subject] ?? 0) >= this.#most) return false;
    return isProven || state.first_seq <= offset + 1;
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
  #doubt(name: string): void {
    if (name !== this.#name) return;
    this.#name = undefined;
    void this.#open().catch(() => {});
  }

  #condemn(name: string): void {
    this.#condemned.add(name);
    if (name === this.#name) this.#name = undefined;
    void this.#open().catch(() => {});
  }

  /** Asks for one number more, which cannot be one that was given before. */
  #check(): Promise<void> {
    this.#checking ??= this.#mark()
      .finally(() => {
        this.#checking = undefined;
      })
      .catch(() => {});
    return this.#checking;
  }

  async #mark(): Promise<void> {
    const name = this.#name;
    if (name === undefined) return;
    const highest = this.#highest;
    const ack = await this.#options.jetStream.append(this.#options.subjects.mark, nothing);
    if (ack?.stream === name && ack.seq <= highest) this.#condemn(name);
    else if (ack?.stream !== name) this.#doubt(name);
  }

  #open(): Promise<string> {
    this.#opening ??= this.#find().then(
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

  /** The stream of the rule: found, or created if there is none that can be used. */
  async #find(): Promise<{ readonly name: string; readonly last: number }> {
    const { jetStream, subjects } = this.#options;
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const [name] = await jetStream.streamsOf(subjects.groups);
      if (name === undefined) {
        const made = await this.#create();
        if (made !== undefined) return made;
        continue;
      }
      if (!name.startsWith(subjects.stream) || epochOf(name, "") === undefined) {
        throw foreign(name, subjects.groups);
      }
      const last = this.#condemned.has(name) ? undefined : await this.#lastOf(name);
      if (last !== undefined) return { name, last };
      this.#condemned.add(name);
      await jetStream.delete(name);
      this.#condemned.delete(name);
    }
    throw away(`no JetStream stream for ${subjects.groups} stays for long enough to be used`);
  }

  async #create(): Promise<{ readonly name: string; readonly last: number } | undefined> {
    const { jetStream, subjects, rule } = this.#options;
    const name = subjects.stream + randomBytes(8).toString("hex");
    try {
      if (!(await jetStream.create({ name, ...this.#config }))) return undefined;
    } catch (error) {
      if ((error as { temporary?: boolean }).temporary !== false) throw error;
      throw new UsageError(
        "ERR_INVALID_OPTION",
        `the histories of ${JSON.stringify(rule.groups)} cannot be kept: ${(error as Error).message}`,
        { cause: error },
      );
    }
    const ack = await jetStream.append(subjects.mark, nothing);
    return ack?.stream === name ? { name, last: ack.seq } : undefined;
  }

  /** The newest number of a stream; undefined if it has lost something. */
  async #lastOf(name: string): Promise<number | undefined> {
    const { jetStream, subjects, clock } = this.#options;
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const info = await jetStream.info(name);
      if (info === undefined) return undefined;
      checkConfig({ name, ...this.#config }, info.config);
      const last = info.state.last_seq;
      if (name === this.#former && last < this.#highest) {
        const ack = await jetStream.append(subjects.mark, nothing);
        if (ack === undefined) throw away(`the JetStream stream ${name} has no leader`);
        return ack.stream === name && ack.seq > this.#highest ? ack.seq : undefined;
      }
      if (last > 0) return last;
      // Its maker leaves a mark in a moment; a stream that stays empty has lost that, too.
      await new Promise<void>((resolve) => void clock.after(makersTime, resolve));
    }
    return undefined;
  }
}

/** How long messages of a rule are held, in milliseconds. */
export function maxAgeOf({ ttl, idWindow }: FullHistoryRule): number {
  return Math.max(ttl, idWindow, leastAge);
}

interface Waiting {
  readonly append: Append;
  readonly resolve: (position: Promise<Position>) => void;
  readonly reject: (error: Error) => void;
}

function foreign(stream: string, subjects: string): UsageError {
  return new UsageError(
    "ERR_INVALID_OPTION",
    `the JetStream stream ${stream} takes ${subjects}, and was not made for it by this layer: delete it, or give the layer another prefix`,
  );
}

const nothing = new Uint8Array(0);
/** JetStream counts time in these, and takes no less than 100 milliseconds. */
const nanoseconds = 1_000_000;
const leastAge = 100;

/** How often something that others change at the same time is tried. */
const mostAttempts = 5;

/** How long the maker of a stream has for its mark, of so many attempts, in milliseconds. */
const makersTime = 250;
