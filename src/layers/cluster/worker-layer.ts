import { type Clock, systemClock } from "../../internal/clock.ts";
import { OptionCheck } from "../../internal/option-check.ts";
import { Addresses } from "../addresses.ts";
import type {
  GroupWatcher,
  Joined,
  MemberPage,
  PresenceCount,
  PresencePage,
  Watch,
} from "../channel-layer.ts";
import { type AskedJoin, CheckedLayer, joinedWithout, type WrittenSend } from "../checked-layer.ts";
import { type Codec, jsonCodec } from "../codec.ts";
import { pack, weigh } from "../data.ts";
import { deliveryOf } from "../delivery.ts";
import { type FeedOpening, GroupFeeds } from "../group-feeds.ts";
import type { GroupPattern } from "../group-pattern.ts";
import { Joins } from "../joins.ts";
import { completeRules, type LayerRules } from "../layer-rules.ts";
import type { LocalChannel } from "../local-channel.ts";
import { LocalGroups, rethrow } from "../local-groups.ts";
import { direct } from "../named-channels.ts";
import type { AskedPage } from "../page.ts";
import { parsePosition, type Position } from "../position.ts";
import type { HistorySource, Slice } from "../slice.ts";
import { writePresence } from "../written-presence.ts";
import { publish } from "./diagnostics.ts";
import { LetterReader } from "./letter-reader.ts";
import {
  type GroupLetter,
  type Hello,
  type Placed,
  type Questions,
  type ToWorker,
  version,
} from "./letters.ts";
import { OfficeLink } from "./office-link.ts";
import type { Port } from "./port.ts";
import { Watches } from "./watches.ts";
import { type Said, WorkerPresence } from "./worker-presence.ts";

/** How a worker's side of the cluster works. */
export interface WorkerLayerOptions extends Partial<LayerRules> {
  /** How long an answer of the office may take, in milliseconds. @defaultValue 5 000 */
  readonly timeout?: number;
  /** How much may lie unread by the office, in bytes. @defaultValue 32 MiB */
  readonly backlog?: number;
  readonly codec?: Codec;
  readonly clock?: Clock;
  readonly onError?: (error: unknown) => void;
}

/**
 * The channel layer of one worker: its own members, and a line to the office for everything else.
 *
 * A member is on the list here from the turn in which the office's answer comes. What the office
 * sends comes in its order, so each answer says exactly between which two messages it was given, and
 * a join with its recovery is one question.
 */
export class WorkerLayer extends CheckedLayer implements HistorySource {
  readonly #onError: (error: unknown) => void;
  readonly #rules: LayerRules;
  readonly #reader: LetterReader;
  readonly #link: OfficeLink;

  readonly #groups: LocalGroups;
  readonly #feeds: GroupFeeds;
  readonly #presence: WorkerPresence;
  readonly #watches: Watches;
  readonly #addresses = new Addresses();
  readonly #joins = new Joins();
  /** What the office said of the group that is being joined. */
  #placed: Placed | undefined;

  constructor(options: WorkerLayerOptions = {}) {
    const { timeout = 5_000, backlog = 32 * 1024 * 1024 } = options;
    const { codec = jsonCodec, clock = systemClock, onError = rethrow } = options;
    super(codec);
    const check = new OptionCheck("clusterLayer");
    check.whole("timeout", timeout, 1, most);
    check.whole("backlog", backlog, 1, most);
    this.#onError = onError;
    this.#reader = new LetterReader(codec);
    this.#rules = completeRules(options, "clusterLayer");
    this.#groups = new LocalGroups(onError);
    this.#feeds = new GroupFeeds(this.#groups, this, () => this.#openFeed());
    this.#presence = new WorkerPresence(this.#groups, codec);
    this.#watches = new Watches(onError);
    this.#link = new OfficeLink({
      clock,
      timeout,
      backlog,
      hello: () => this.#hello(),
      take: (letter) => this.#take(letter),
      back: () => this.#return(),
      refused: onError,
    });
  }

  /** Takes the line to the office. With another one it says all anew and goes on. */
  connect(port: Port): void {
    this.#link.connect(port);
  }

  protected openNamed(channel: LocalChannel, name: string): void {
    this.#addresses.publish(channel, name);
    const reader = this.#addresses.numberOf(channel);
    this.#link.post({ kind: "open", reader, name }, name.length);
  }

  protected async sendTo(channel: string, encoded: string | Uint8Array): Promise<void> {
    if (!channel.startsWith(this.#addresses.prefix)) {
      const data = pack(encoded);
      await this.#link.ask("send", { channel, data }, weigh(data));
      return;
    }
    const reader = this.#addresses.reachByName(channel);
    if (reader === undefined) return;
    this.#groups.deliverTo(reader, this.codec.decode(encoded), direct);
  }

  protected async enter(group: string, channel: LocalChannel, asked: AskedJoin): Promise<Joined> {
    const { since, presence, events } = asked;
    const said: Said = {
      ...(presence === undefined ? {} : { shown: writePresence(presence, this.codec) }),
      ...(events === undefined ? {} : { events }),
    };
    const member = this.#addresses.numberOf(channel);
    const from = since === undefined ? undefined : parsePosition(since);
    const question = {
      group,
      member,
      ...said,
      ...(from === undefined ? {} : { since: from }),
      ...(events === "changes" && !this.#presence.mirrors(group) ? { mirror: true as const } : {}),
    };
    const join = this.#joins.begin(channel, group);
    try {
      return await this.#link.ask("join", question, group.length, ({ placed, present }) => {
        this.#joins.end(channel, join);
        if (join.isCancelled) return joinedWithout(since);
        this.#presence.join(group, member, channel, said, present);
        return this.#place(group, channel, since, placed);
      });
    } catch (error) {
      this.#joins.end(channel, join);
      // The office may have it on the list, or get to it yet.
      const isWanted = this.#groups.has(group, channel) || this.#joins.has(channel, group);
      if (!join.isCancelled && !isWanted) void this.#link.tell("leave", { group, member });
      throw error;
    }
  }

  protected async exit(group: string, channel: LocalChannel): Promise<void> {
    const member = this.#addresses.find(channel);
    if (member === undefined) return;
    const wasJoining = this.#joins.cancel(channel, group).length > 0;
    if (!wasJoining && !this.#groups.has(group, channel)) return;
    const emptied = this.#groups.leave(group, channel);
    this.#feeds.leave(group, channel, emptied);
    this.#presence.leave(group, member);
    await this.#link.tell("leave", { group, member });
  }

  protected sendToGroup(
    group: string,
    { encoded, id, except }: WrittenSend,
  ): Promise<string | undefined> {
    const data = pack(encoded);
    const question = {
      group,
      data,
      ...(id === undefined ? {} : { id }),
      ...(except === undefined ? {} : { except }),
    };
    return this.#link.ask("groupSend", question, weigh(data));
  }

  protected countMembers(group: string): Promise<number> {
    return this.#link.ask("count", { group });
  }

  protected async listMembers(group: string, asked: AskedPage): Promise<MemberPage> {
    const { page, next } = await this.#link.ask("members", questionFor(group, asked));
    return next === undefined ? { channels: page } : { channels: page, next };
  }

  protected hasMember(group: string, channel: string): Promise<boolean> {
    return this.#link.ask("isMember", { group, channel });
  }

  protected listPresent(group: string, asked: AskedPage): Promise<PresencePage> {
    return this.#link.ask(
      "presence",
      questionFor(group, asked),
      0,
      ({ present: written, next }) => {
        const present = written.map((each) => this.#presence.read(each));
        return next === undefined ? { present } : { present, next };
      },
    );
  }

  protected countPresent(group: string): Promise<PresenceCount> {
    return this.#link.ask("presenceCount", { group });
  }

  protected async addWatcher({ text }: GroupPattern, watcher: GroupWatcher): Promise<Watch> {
    const watch = this.#watches.add(text, watcher);
    try {
      await this.#link.ask("watch", { watch, groups: text });
    } catch (error) {
      this.#watches.remove(watch);
      void this.#link.tell("unwatch", { watch });
      throw error;
    }
    return {
      close: () => {
        this.#watches.remove(watch);
        return this.#link.tell("unwatch", { watch });
      },
    };
  }

  protected async end(): Promise<void> {
    this.#watches.clear();
    this.#groups.clear();
    this.#feeds.clear();
    this.#presence.clear();
    this.#addresses.clear();
    this.#joins.clear();
    await this.#link.close();
  }

  // For its channels.

  /** @internal */
  nameFor(channel: LocalChannel): string {
    return this.#addresses.nameFor(channel, channel.isOpenOn(this) && !this.isClosed);
  }

  /** @internal */
  resume(channel: LocalChannel): void {
    this.#feeds.resume(channel);
  }

  /** @internal */
  async forget(channel: LocalChannel): Promise<void> {
    const member = this.#addresses.find(channel);
    if (member === undefined) return;
    const groups = [...this.#groups.of(channel), ...this.#joins.cancel(channel)];
    this.#feeds.leaveAll(channel, this.#groups.leaveAll(channel));
    for (const group of groups) this.#presence.leave(group, member);
    const wasNamed = this.#addresses.forget(channel);
    if (groups.length > 0 || wasNamed) await this.#link.tell("shut", { member, groups });
  }

  // Joining.

  /** The member is on the office's list, and everything that comes from now on comes after that. */
  #place(
    group: string,
    channel: LocalChannel,
    since: string | undefined,
    placed: Placed | undefined,
  ): Joined | Promise<Joined> {
    const wasMember = this.#groups.has(group, channel);
    this.#groups.join(group, channel);
    if (placed === undefined) return joinedWithout(since);
    // What it missed cannot be read after all: it is no member, unless it was one before.
    const giveUp = (error: unknown): never => {
      if (!wasMember) void this.leave(group, channel).catch(() => {});
      throw error;
    };
    this.#placed = placed;
    try {
      const result = this.#feeds.join(group, channel, since);
      return result instanceof Promise ? result.catch(giveUp) : result;
    } catch (error) {
      return giveUp(error);
    } finally {
      this.#placed = undefined;
    }
  }

  // What the office says.

  #hello(): Hello {
    const groups = [...this.#groups.names()].map((group) => {
      const members = [...this.#groups.members(group)] as LocalChannel[];
      return [group, members.map((channel) => this.#addresses.numberOf(channel))] as const;
    });
    return {
      kind: "hello",
      version,
      rules: this.#rules,
      prefix: this.#addresses.prefix,
      groups,
      shown: this.#presence.list(),
      readers: this.#addresses.fixed(),
      watches: this.#watches.list(),
    };
  }

  #take(letter: ToWorker): void {
    if (this.isClosed) return;
    switch (letter.kind) {
      case "group":
        return this.#deliver(letter);
      case "direct":
        return this.#deliverTo(letter);
      case "presence":
        this.#tried(() => this.#presence.tell(letter));
        return;
      case "present": {
        const { group, present, keys, channels } = letter;
        this.#tried(() => this.#presence.sync(group, present, { keys, channels }));
        return;
      }
      case "watched":
        return this.#watches.sync(letter.watch, letter.groups);
      case "occupied":
        return this.#watches.occupied(letter.watch, letter.group);
      case "vacated":
        return this.#watches.vacated(letter.watch, letter.group);
      case "lost":
        publish("sluice:cluster.loss", { reason: "backlog", messages: letter.messages });
        return this.#feeds.check();
      default:
      // Answers, which the link keeps for itself.
    }
  }

  #return(): void {
    if (this.isClosed) return;
    publish("sluice:cluster.loss", { reason: "away", messages: undefined });
    this.#feeds.check();
  }

  #deliver(letter: GroupLetter): void {
    const { group, data, id, except, epoch, offset } = letter;
    if (this.#groups.size(group) === 0) return;
    if (epoch !== undefined && offset !== undefined) {
      const item = this.#tried(() => this.#reader.item(group, epoch, { ...letter, offset }));
      if (item !== undefined) this.#feeds.of(group)?.live(epoch, item);
      return;
    }
    const message = this.#tried(() => this.#reader.message(data));
    if (message === undefined) return;
    this.#groups.deliver(group, message, deliveryOf(group, id), except);
  }

  #deliverTo({ channel, data, name }: Extract<ToWorker, { readonly kind: "direct" }>): void {
    const message = this.#tried(() => this.#reader.message(data));
    if (message === undefined) return;
    if (name === undefined) {
      const reader = this.#addresses.reach(channel);
      if (reader !== undefined) this.#groups.deliverTo(reader, message, direct);
      return;
    }
    const postman = {
      deliver: () => {
        const reader = this.#addresses.reach(channel);
        if (reader !== undefined) reader.deliver(message, direct);
        // It was closed while this was on its way: somebody else is to have it.
        else this.#link.post({ kind: "back", name, data }, weigh(data));
      },
    };
    this.#groups.deliverTo(postman, message, direct);
  }

  #openFeed(): FeedOpening {
    const { epoch, top, recover } = this.#placed as Placed;
    return { recover, start: { epoch, offset: top } };
  }

  /** @internal For its feeds. */
  read(group: string, since: Position | undefined, limit: number): Slice | Promise<Slice> {
    const written = this.#placed?.slice;
    if (written !== undefined) {
      // The office has looked already, in the moment of the join.
      this.#placed = undefined;
      return this.#reader.slice(group, written);
    }
    const question = { group, limit, ...(since === undefined ? {} : { since }) };
    return this.#link.ask("read", question, 0, (slice) => this.#reader.slice(group, slice));
  }

  /** What `read` returns; undefined, and `onError` hears of it, if a codec cannot read its own. */
  #tried<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.#onError(error);
      return undefined;
    }
  }
}

function questionFor(group: string, { after, limit }: AskedPage): Questions["members"]["ask"] {
  return after === undefined ? { group, limit } : { group, after, limit };
}

/** Node's timers hold 31 bits of milliseconds. */
const most = 2 ** 31 - 1;
