import { Addresses, homeOf } from "../addresses.ts";
import type {
  GroupWatcher,
  Joined,
  MemberPage,
  PresenceCount,
  PresencePage,
  Watch,
} from "../channel-layer.ts";
import { type AskedJoin, CheckedLayer, joinedWithout, type WrittenSend } from "../checked-layer.ts";
import { type Data, pack, unpack } from "../data.ts";
import { deliveryOf } from "../delivery.ts";
import { type FeedOpening, GroupFeeds } from "../group-feeds.ts";
import type { GroupPattern } from "../group-pattern.ts";
import type { FullHistoryRule } from "../history-rule.ts";
import { Joins } from "../joins.ts";
import type { LocalChannel } from "../local-channel.ts";
import { LocalGroups } from "../local-groups.ts";
import { anonymousPrefix } from "../name.ts";
import { direct } from "../named-channels.ts";
import type { AskedPage } from "../page.ts";
import { formatPosition, type Position } from "../position.ts";
import type { HistorySource, Slice } from "../slice.ts";
import { type WrittenPresence, writePresence } from "../written-presence.ts";
import type { Address, Broker, BrokerEars, KeptItem } from "./broker.ts";
import { BrokerLink } from "./broker-link.ts";
import { publish } from "./diagnostics.ts";
import { writeEnvelope } from "./envelope.ts";
import { EnvelopeReader } from "./envelope-reader.ts";
import { FixedNames } from "./fixed-names.ts";
import { GroupObservers } from "./group-observers.ts";
import type { Entry } from "./letters.ts";
import { type BrokerLayerOptions, completeOptions, type FullOptions } from "./options.ts";
import { Peers } from "./peers.ts";
import { PresenceNews, topicOf } from "./presence-news.ts";
import { Registry } from "./registry.ts";
import { Residents } from "./residents.ts";
import { Rounds } from "./rounds.ts";
import { Subscriptions } from "./subscriptions.ts";
import { Turnstile } from "./turnstile.ts";

/**
 * The channel layer of one process among many, over an engine that carries bytes between them.
 *
 * The engine numbers and keeps the messages of groups with a history, and knows nothing of members:
 * each process knows its own, and processes ask each other. Whatever is sent to a group comes back
 * from the engine, for our own members, too: so all of them see its order.
 */
export class BrokerLayer extends CheckedLayer implements HistorySource, BrokerEars {
  readonly #options: FullOptions;
  readonly #broker: Broker;
  readonly #link: BrokerLink;
  readonly #reader: EnvelopeReader;

  readonly #addresses = new Addresses();
  readonly #groups: LocalGroups;
  readonly #feeds: GroupFeeds;
  readonly #joins = new Joins();
  readonly #subscriptions: Subscriptions;
  readonly #rounds: Rounds;
  /** After an outage every group is read: not all of them at once. */
  readonly #reads = new Turnstile(mostReads);

  readonly #peers: Peers;
  readonly #residents: Residents;
  readonly #registry: Registry;
  readonly #names: FixedNames;
  readonly #news: PresenceNews;
  readonly #observers: GroupObservers;
  #hasEnded = false;

  /**
   * Begins to listen at once. `layer` is how the user calls it, for errors.
   * @throws UsageError `ERR_INVALID_OPTION` for an option out of range.
   */
  constructor(broker: Broker, options: BrokerLayerOptions = {}, layer = "brokerLayer") {
    const full = completeOptions(options, layer);
    const { codec, clock, sealer, backlog, timeout, lease, checkInterval } = full;
    const { capacity, expiry, onError } = full;
    super(codec);
    this.#options = full;
    this.#broker = broker;
    const self = this.#addresses.home;
    const link = new BrokerLink({
      broker,
      sealer,
      backlog,
      gone: (process) => this.#peers.gone(process),
    });
    this.#link = link;
    this.#reader = new EnvelopeReader(link, codec);

    const groups = new LocalGroups(onError);
    this.#groups = groups;
    this.#feeds = new GroupFeeds(groups, this, (group) => this.#openFeed(group));
    this.#subscriptions = new Subscriptions({
      begin: (group) => this.#hear(group),
      end: (group) => this.#ignore(group),
      isJoined: (group) => groups.size(group) > 0,
    });
    this.#rounds = new Rounds({
      clock,
      interval: checkInterval,
      check: (group) => this.#feeds.of(group)?.check(),
    });

    const residents = new Residents(groups, this.#addresses);
    const peers = new Peers({
      ...{ self, broker, link, clock, lease, timeout, checkInterval },
      list: (topic) => this.#list(topic),
      answer: (letter) => void this.#registry.answer(letter),
      direct: ({ to, data }) => this.#takeDirect(to, data),
      checked: () => this.#names.check(),
    });
    const { census, questions, mirrors, parts } = peers;
    const names = new FixedNames({
      ...{ self, link, census, questions, clock, capacity, expiry },
      deliver: (channel, data) => this.#deliverTo(channel, data),
      changed: (name, value) => parts.changed(namesTopic, name, value),
      flush: () => parts.flush(),
    });
    this.#residents = residents;
    this.#peers = peers;
    this.#names = names;
    this.#registry = new Registry({ self, link, census, questions, residents, codec, names });
    this.#news = new PresenceNews({
      ...{ groups, residents, mirrors, codec, clock, interval: full.presenceInterval },
      malformed: () => link.ignore("malformed", "process"),
    });
    this.#observers = new GroupObservers({ self, groups, mirrors, parts, onError });

    mirrors.open(namesTopic, names);
    broker.open(this);
    peers.open();
  }

  // What is asked of it.

  protected openNamed(channel: LocalChannel, name: string): void {
    this.#addresses.publish(channel, name);
    this.#names.open(name, channel);
  }

  protected async sendTo(channel: string, encoded: string | Uint8Array): Promise<void> {
    const data = pack(encoded);
    if (!channel.startsWith(anonymousPrefix)) return this.#names.send(channel, data);
    const home = homeOf(channel);
    if (home === undefined) return;
    if (home !== this.#addresses.home) {
      await this.#peers.census.settle();
      const to = Number.parseInt(channel.slice(channel.lastIndexOf(".") + 1), 36);
      await this.#link.tell(home, { kind: "direct", to, data });
      return;
    }
    const reader = this.#addresses.reachByName(channel);
    if (reader !== undefined) this.#deliverTo(reader, data);
  }

  protected async enter(group: string, channel: LocalChannel, asked: AskedJoin): Promise<Joined> {
    const { since, presence, events } = asked;
    const written = presence === undefined ? undefined : writePresence(presence, this.codec);
    const join = this.#joins.begin(channel, group);
    try {
      await this.#peers.census.settle();
      if (events !== undefined) await this.#news.prepare(group);
      try {
        return await this.#subscriptions.hold(group, () => {
          this.#joins.end(channel, join);
          if (join.isCancelled) return joinedWithout(since);
          const result = this.#place(group, channel, since);
          if (written !== undefined) this.#show(group, channel, written);
          this.#news.join(group, channel, written, events);
          return result;
        });
      } finally {
        if (events !== undefined) this.#news.release(group);
      }
    } finally {
      this.#joins.end(channel, join);
    }
  }

  protected exit(group: string, channel: LocalChannel): void {
    this.#joins.cancel(channel, group);
    if (!this.#groups.has(group, channel)) return;
    const emptied = this.#groups.leave(group, channel);
    this.#feeds.leave(group, channel, emptied);
    this.#departed(group, channel, emptied);
  }

  protected async sendToGroup(
    group: string,
    { encoded, id, except }: WrittenSend,
  ): Promise<string | undefined> {
    const parts = writeEnvelope({ id, except, payload: encoded });
    const rule = this.#options.rules.of(group);
    if (rule === undefined) {
      await this.#link.publish(`g${group}`, parts);
      return undefined;
    }
    const { epoch, offset } = await this.#link.append({ group, rule, id }, parts);
    return formatPosition(epoch, offset);
  }

  protected countMembers(group: string): Promise<number> {
    return this.#registry.count(group);
  }

  protected listMembers(group: string, page: AskedPage): Promise<MemberPage> {
    return this.#registry.members(group, page);
  }

  protected hasMember(group: string, channel: string): Promise<boolean> | boolean {
    if (!channel.startsWith(anonymousPrefix)) {
      return this.#registry.has(group, channel, undefined);
    }
    const home = homeOf(channel);
    return home !== undefined && this.#registry.has(group, channel, home);
  }

  protected listPresent(group: string, page: AskedPage): Promise<PresencePage> {
    return this.#registry.presence(group, page);
  }

  protected countPresent(group: string): Promise<PresenceCount> {
    return this.#registry.presenceCount(group);
  }

  protected async addWatcher(groups: GroupPattern, watcher: GroupWatcher): Promise<Watch> {
    await this.#peers.census.settle();
    return this.#observers.add(groups, watcher);
  }

  protected async end(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const held = [this.#groups, this.#feeds, this.#joins, this.#rounds, this.#subscriptions];
    const told = [this.#news, this.#observers, this.#names, this.#residents, this.#addresses];
    for (const part of [...held, ...told]) part.clear();
    await this.#peers.close();
    await this.#broker.close();
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
  async forget(channel: LocalChannel, name: string | undefined): Promise<void> {
    this.#joins.cancel(channel);
    const groups = this.#groups.of(channel);
    const emptied = new Set(this.#groups.leaveAll(channel));
    this.#feeds.leaveAll(channel, [...emptied]);
    for (const group of groups) this.#departed(group, channel, emptied.has(group));
    if (this.#addresses.forget(channel)) this.#names.close(name as string, channel);
  }

  // What the engine says.

  /** @internal */
  message(address: Address, data: Uint8Array): void {
    if (this.isClosed) return;
    if (address.startsWith("g")) return this.#deliver(address.slice(1), data);
    const letter = this.#link.readLetter(address, data);
    if (letter === undefined) return;
    try {
      this.#peers.take(letter);
    } catch {
      // Whatever other processes say, it is never to end this one.
      this.#link.ignore("malformed", "process");
    }
  }

  /** @internal */
  kept(group: string, epoch: string, item: KeptItem): void {
    const feed = this.#feeds.of(group);
    if (feed === undefined) return;
    this.#rounds.heard(group);
    const read = this.#reader.item(group, epoch, item);
    if (read !== undefined) feed.live(epoch, read);
    // Nobody here can have it: the members are to hear of the gap.
    else feed.check();
  }

  /** @internal */
  missed(): void {
    if (this.isClosed) return;
    publish("sluice:broker.miss", {});
    this.#peers.missed();
    this.#feeds.check();
  }

  /** @internal For its feeds. */
  async read(group: string, since: Position | undefined, limit: number): Promise<Slice> {
    const rule = this.#options.rules.of(group) as FullHistoryRule;
    const most = Math.max(1, limit);
    const slice = await this.#reads.pass(() => this.#broker.read(group, rule, since, most));
    return this.#reader.slice(group, slice);
  }

  #takeDirect(to: number | string, data: Data): void {
    if (typeof to === "string") return this.#names.take(to, data);
    const reader = this.#addresses.reach(to);
    if (reader !== undefined) this.#deliverTo(reader, data);
  }

  #deliver(group: string, data: Uint8Array): void {
    if (this.#groups.size(group) === 0) return;
    const read = this.#reader.message(group, data);
    if (read === undefined) return;
    const { message, id, except } = read;
    this.#groups.deliver(group, message, deliveryOf(group, id), except);
  }

  #deliverTo(channel: LocalChannel, data: Data): void {
    try {
      this.#groups.deliverTo(channel, this.codec.decode(unpack(data)), direct);
    } catch {
      this.#link.ignore("malformed", "process");
    }
  }

  // Groups.

  #hear(group: string): Promise<void> {
    if (this.#options.rules.of(group) === undefined) return this.#broker.subscribe(`g${group}`);
    this.#rounds.add(group);
    return this.#broker.follow(group);
  }

  #ignore(group: string): Promise<void> {
    if (this.#options.rules.of(group) === undefined) return this.#broker.unsubscribe(`g${group}`);
    this.#rounds.remove(group);
    return this.#broker.unfollow(group);
  }

  #openFeed(group: string): FeedOpening {
    return { recover: this.#options.rules.of(group)!.recover };
  }

  /** What is sent from now on arrives here. */
  #place(
    group: string,
    channel: LocalChannel,
    since: string | undefined,
  ): Joined | Promise<Joined> {
    const wasMember = this.#groups.has(group, channel);
    if (this.#groups.join(group, channel)) this.#observers.occupied(group);
    if (this.#options.rules.of(group) === undefined) return joinedWithout(since);
    const result = this.#feeds.join(group, channel, since);
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      // The history could not be read: it is no member, unless it was one before.
      if (!wasMember) this.exit(group, channel);
      throw error;
    });
  }

  #departed(group: string, channel: LocalChannel, emptied: boolean): void {
    if (this.#residents.hide(group, channel)) {
      this.#peers.parts.changed(topicOf(group), this.#residents.keyOf(channel));
    }
    this.#news.leave(group, channel);
    if (!emptied) return;
    this.#observers.vacated(group);
    this.#subscriptions.release(group);
  }

  #show(group: string, channel: LocalChannel, written: WrittenPresence): void {
    this.#residents.show(group, channel, written);
    this.#peers.parts.changed(topicOf(group), this.#residents.keyOf(channel), written);
  }

  // Other processes.

  #list(topic: string): Iterable<Entry> {
    if (topic === namesTopic) return this.#names.entries();
    const name = topic.slice(1);
    return topic.startsWith("p") ? this.#residents.entries(name) : this.#observers.entries(name);
  }
}

/** How many histories are read at a time. */
const mostReads = 64;

/** What processes call the fixed names that they read. */
const namesTopic = "n";
