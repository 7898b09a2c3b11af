import { randomBytes } from "node:crypto";
import { type Clock, systemClock } from "../internal/clock.ts";
import { OptionCheck } from "../internal/option-check.ts";
import type {
  ChannelLayer,
  GroupWatcher,
  Joined,
  LayerMessage,
  MemberPage,
  PresenceCount,
  PresencePage,
  Watch,
} from "./channel-layer.ts";
import { type AskedJoin, CheckedLayer, joinedWithout, type WrittenSend } from "./checked-layer.ts";
import { type Codec, jsonCodec } from "./codec.ts";
import { deliveryOf } from "./delivery.ts";
import { type FeedOpening, GroupFeeds } from "./group-feeds.ts";
import type { GroupPattern } from "./group-pattern.ts";
import { GroupWatchers } from "./group-watchers.ts";
import { Histories } from "./histories.ts";
import type { History } from "./history.ts";
import { type HistoryRule, HistoryRules } from "./history-rule.ts";
import { completeRules, type LayerRules } from "./layer-rules.ts";
import type { LocalChannel } from "./local-channel.ts";
import { LocalGroups, rethrow } from "./local-groups.ts";
import { LocalPresence, readPresence } from "./local-presence.ts";
import { anonymousPrefix } from "./name.ts";
import { direct, NamedChannels } from "./named-channels.ts";
import { type AskedPage, pageOf } from "./page.ts";
import type { Position } from "./position.ts";
import type { HistorySource, Slice } from "./slice.ts";

/** Options of {@link memoryLayer}. */
export interface MemoryLayerOptions {
  /**
   * How many messages wait on a named channel that nobody reads; one more rejects with
   * `ERR_CHANNEL_FULL`. @defaultValue 100, as in Django Channels
   */
  readonly capacity?: number;
  /**
   * How long a message waits for a reader, in milliseconds, before it is dropped.
   * @defaultValue 60 000, as in Django Channels: a worker restarts faster
   */
  readonly expiry?: number;
  /**
   * Which groups have a history, and how much of it; the first rule that matches counts. Without
   * one a group is at-most-once. @defaultValue none: a history costs memory
   */
  readonly history?: readonly HistoryRule[];
  /**
   * What all histories together may hold, in bytes as their rules count them. Beyond it those groups
   * give way that were longest not sent to. @defaultValue 64 MiB
   */
  readonly historyBytes?: number;
  /**
   * How messages are written down; here too, so that what works in memory works over a network.
   * @defaultValue {@link jsonCodec}
   */
  readonly codec?: Codec;
  /**
   * How long changes of presence are gathered before they are told, in milliseconds.
   * @defaultValue 100: at once for people, and a burst is one message
   */
  readonly presenceInterval?: number;
  /** What tells the time to expiry and histories. @defaultValue the system's */
  readonly clock?: Clock;
  /**
   * Gets what members throw, which they must not.
   * @defaultValue an uncaught exception, once everybody was served: silence would hide a bug
   */
  readonly onError?: (error: unknown) => void;
}

const optionNames: readonly string[] = [
  "capacity",
  "expiry",
  "history",
  "historyBytes",
  "codec",
  "presenceInterval",
  "clock",
  "onError",
] satisfies (keyof MemoryLayerOptions)[];

/**
 * A channel layer inside this process, and the default: many applications need no second one.
 *
 * A message is delivered before `send` or `groupSend` returns, except from inside a delivery: then
 * right after that one. A position is good for as long as the process lives; after a restart, or in
 * another process, it is not recovered.
 * @throws UsageError `ERR_INVALID_OPTION` for an option that is unknown or out of range.
 */
export function memoryLayer<M extends LayerMessage = LayerMessage>(
  options: MemoryLayerOptions = {},
): ChannelLayer<M> {
  return new MemoryLayer(options);
}

/** Whether a layer is a memory layer, which reaches nobody outside of its process. */
export function isMemoryLayer(layer: ChannelLayer): boolean {
  return layer instanceof MemoryLayer;
}

class MemoryLayer extends CheckedLayer implements HistorySource {
  readonly #clock: Clock;

  readonly #groups: LocalGroups;
  /** The channels without a fixed name that have told somebody their name. */
  readonly #anonymous = new Map<string, LocalChannel>();
  readonly #named: NamedChannels<LayerMessage, LocalChannel>;
  /** Absent where no group has a history. */
  readonly #histories: Histories | undefined;
  readonly #feeds: GroupFeeds;
  readonly #watchers: GroupWatchers;
  readonly #presence: LocalPresence;

  /** Nobody outside guesses a name: 96 random bits, then a count. */
  readonly #namePrefix = `${anonymousPrefix}${randomBytes(12).toString("base64url")}.`;
  #namesMade = 0;

  constructor(options: MemoryLayerOptions) {
    const check = new OptionCheck("memoryLayer");
    check.names(options, optionNames);
    check.callable("onError", options.onError);
    const rules = completeRules(options, "memoryLayer");
    const { capacity, expiry, presenceInterval: interval } = rules;
    const { codec = jsonCodec, clock = systemClock } = options;
    super(codec);
    this.#clock = clock;
    const onError = options.onError ?? rethrow;
    const groups = new LocalGroups(onError);
    this.#groups = groups;
    this.#watchers = new GroupWatchers(onError);
    const write = (message: LayerMessage): LayerMessage => codec.decode(codec.encode(message));
    this.#presence = new LocalPresence({ groups, write, clock, interval });
    this.#named = new NamedChannels({ capacity, expiry, clock, groups });
    this.#histories = historiesFor(rules, clock, groups);
    this.#feeds = new GroupFeeds(groups, this, (group) => this.#openFeed(group));
  }

  protected openNamed(channel: LocalChannel, name: string): void {
    this.#named.open(name, channel);
  }

  protected sendTo(channel: string, encoded: string | Uint8Array): void {
    if (!channel.startsWith(anonymousPrefix)) {
      this.#named.send(channel, () => this.codec.decode(encoded));
      return;
    }
    const reader = this.#anonymous.get(channel);
    if (reader === undefined) return;
    this.#groups.deliverTo(reader, this.codec.decode(encoded), direct);
  }

  protected enter(
    group: string,
    channel: LocalChannel,
    { since, presence, events }: AskedJoin,
  ): Joined | Promise<Joined> {
    const shown = presence === undefined ? undefined : readPresence(presence, this.codec);
    const isFirst = this.#groups.join(group, channel);
    if (isFirst) this.#watchers.occupied(group);
    this.#presence.join(group, channel, shown, events);
    if (this.#histories?.of(group) !== undefined) return this.#feeds.join(group, channel, since);
    return joinedWithout(since);
  }

  protected exit(group: string, channel: LocalChannel): void {
    const emptied = this.#groups.leave(group, channel);
    this.#feeds.leave(group, channel, emptied);
    this.#presence.leave(group, channel);
    if (emptied) this.#vacated(group);
  }

  protected sendToGroup(group: string, written: WrittenSend): string | undefined {
    const history = this.#histories?.of(group);
    if (history !== undefined) return this.#append(group, history, written);
    if (this.#groups.size(group) === 0) return undefined;
    const { encoded, id, except } = written;
    this.#groups.deliver(group, this.codec.decode(encoded), deliveryOf(group, id), except);
    return undefined;
  }

  protected countMembers(group: string): number {
    return this.#groups.size(group);
  }

  protected listMembers(group: string, asked: AskedPage): MemberPage {
    const names = new Set<string>();
    for (const member of this.#groups.members(group)) names.add((member as LocalChannel).name);
    const { page, next } = pageOf(names, asked);
    return next === undefined ? { channels: page } : { channels: page, next };
  }

  protected hasMember(group: string, channel: string): boolean {
    const one = this.#anonymous.get(channel);
    if (one !== undefined) return this.#groups.has(group, one);
    return this.#named.readers(channel).some((reader) => this.#groups.has(group, reader));
  }

  protected listPresent(group: string, page: AskedPage): PresencePage {
    return this.#presence.page(group, page);
  }

  protected countPresent(group: string): PresenceCount {
    return this.#presence.count(group);
  }

  protected addWatcher(groups: GroupPattern, watcher: GroupWatcher): Watch {
    return this.#watchers.add(groups, watcher, this.#groups.names());
  }

  protected end(): void {
    this.#watchers.clear();
    this.#presence.clear();
    this.#groups.clear();
    this.#feeds.clear();
    this.#anonymous.clear();
    this.#named.clear();
    this.#histories?.clear();
  }

  // For its feeds.

  /** @internal */
  read(group: string, since: Position | undefined, limit: number): Slice {
    return this.#historyOf(group).read(since, limit, this.#clock.now());
  }

  // For its channels.

  /** @internal */
  nameFor(channel: LocalChannel): string {
    this.#namesMade += 1;
    const name = this.#namePrefix + this.#namesMade.toString(36);
    if (!this.isClosed && channel.isOpenOn(this)) this.#anonymous.set(name, channel);
    return name;
  }

  /** @internal */
  resume(channel: LocalChannel): void {
    this.#feeds.resume(channel);
  }

  /** @internal */
  async forget(channel: LocalChannel, name: string | undefined): Promise<void> {
    const emptied = this.#groups.leaveAll(channel);
    this.#feeds.leaveAll(channel, emptied);
    this.#presence.leaveAll(channel);
    for (const group of emptied) this.#vacated(group);
    if (name !== undefined && !this.#anonymous.delete(name)) this.#named.close(name, channel);
  }

  /** The last member of a group left. Its history stays for a while. */
  #vacated(group: string): void {
    this.#histories?.touch(group);
    this.#watchers.vacated(group);
  }

  /** Number, history and delivery are one turn: all members see one order, and no seam shows. */
  #append(group: string, history: History, { encoded, id, except }: WrittenSend): string {
    const now = this.#clock.now();
    const known = id === undefined ? undefined : history.positionOf(id, now);
    if (known !== undefined) return known;
    const message = this.codec.decode(encoded);
    const before = history.bytes;
    const item = history.append(message, Buffer.byteLength(encoded), now, { id, except });
    this.#histories?.grown(group, history, before);
    this.#feeds.of(group)?.live(history.epoch, item);
    return item.delivery.position as string;
  }

  #openFeed(group: string): FeedOpening {
    const { epoch, top, rule } = this.#historyOf(group);
    return { recover: rule.recover, start: { epoch, offset: top } };
  }

  /** Of a group with members, which is held for as long as it has any. */
  #historyOf(group: string): History {
    return this.#histories?.of(group) as History;
  }
}

function historiesFor(
  { history, historyBytes }: LayerRules,
  clock: Clock,
  groups: LocalGroups,
): Histories | undefined {
  if (history.length === 0) return undefined;
  const rules = new HistoryRules(history);
  const isJoined = (group: string): boolean => groups.size(group) > 0;
  return new Histories({ rules, clock, bytes: historyBytes, isJoined });
}
