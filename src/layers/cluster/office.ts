import { type Clock, systemClock } from "../../internal/clock.ts";
import type { GroupWatcher, PageOptions, Watch } from "../channel-layer.ts";
import { GroupPattern } from "../group-pattern.ts";
import { GroupWatchers } from "../group-watchers.ts";
import { Histories } from "../histories.ts";
import type { History } from "../history.ts";
import { HistoryRules } from "../history-rule.ts";
import type { LayerRules } from "../layer-rules.ts";
import { LocalPresence } from "../local-presence.ts";
import { anonymousPrefix } from "../name.ts";
import { NamedChannels } from "../named-channels.ts";
import { pageOf } from "../page.ts";
import type { Position } from "../position.ts";
import { contradiction } from "./contradiction.ts";
import { Desk } from "./desk.ts";
import { publish } from "./diagnostics.ts";
import type { GroupLetter, Placed, Questions, WrittenPresent, WrittenSlice } from "./letters.ts";
import { type Data, sizeOf, weigh } from "../data.ts";
import type { Member } from "../addresses.ts";
import { MemberTable } from "./member-table.ts";
import type { Port } from "./port.ts";

/** Options of an {@link Office}. */
export interface OfficeOptions {
  /**
   * How long a worker may be silent, in milliseconds, until it is given up with all its members; it
   * comes back by itself. A worker that ends is forgotten at once. @defaultValue 10 000
   */
  readonly lease?: number;
  /**
   * How much may lie unread by one worker, in bytes. What is more is not sent: groups with a history
   * are brought up when it reads again, of other groups so many messages are lost.
   * @defaultValue 32 MiB
   */
  readonly backlog?: number;
  /** What tells the time. @defaultValue the system's */
  readonly clock?: Clock;
}

/**
 * The post office of one machine: numbers the messages of each group, keeps histories and what waits
 * on fixed names, knows who is a member of what in which worker, and carries letters between workers.
 *
 * It does nothing but move letters in memory, so a worker that stands still costs the others nothing.
 */
export class Office {
  readonly clock: Clock;
  readonly lease: number;
  readonly backlog: number;
  readonly members: MemberTable<Desk> = new MemberTable();
  readonly #watchers: GroupWatchers;
  readonly #desks = new Set<Desk>();
  readonly #byPrefix = new Map<string, Desk>();
  #rules: LayerRules | undefined;
  #named: NamedChannels<Data> | undefined;
  #histories: Histories<Data> | undefined;
  #presence: LocalPresence | undefined;
  #cancelRound: (() => void) | undefined;
  #lastRound = 0;
  #isClosed = false;

  constructor({
    lease = 10_000,
    backlog = 32 * 1024 * 1024,
    clock = systemClock,
  }: OfficeOptions = {}) {
    this.clock = clock;
    this.lease = lease;
    this.backlog = backlog;
    // What a desk is told it only passes on.
    this.#watchers = new GroupWatchers(() => {});
  }

  /** How many workers are known. */
  get workers(): number {
    return this.#byPrefix.size;
  }

  /** The most that lies unread by one worker, in bytes. */
  unread(): number {
    return Math.max(0, ...[...this.#desks].map(({ waiting }) => waiting));
  }

  /** Takes a worker's line. */
  connect(port: Port): void {
    if (this.#isClosed) return port.close();
    this.#desks.add(new Desk(this, port));
    this.#scheduleRound();
  }

  /** Hangs up on all workers and forgets everything. */
  close(): void {
    this.#isClosed = true;
    for (const desk of [...this.#desks]) desk.close();
    this.#named?.clear();
    this.#histories?.clear();
    this.#presence?.clear();
    this.#watchers.clear();
    this.#cancelRound?.();
  }

  // For its desks: who is there.

  /** Whether a worker with these rules may come; if not, why. */
  agree(rules: LayerRules): string | undefined {
    if (this.#rules !== undefined) {
      const why = contradiction(rules, this.#rules);
      if (why === undefined) return undefined;
      // Nobody is left who has the former ones: what was kept by them goes.
      if (this.#byPrefix.size > 0) return why;
      this.#named?.clear();
      this.#histories?.clear();
      this.#presence?.clear();
    }
    const { clock } = this;
    const { capacity, expiry, history, historyBytes: bytes } = rules;
    this.#rules = rules;
    this.#named = new NamedChannels({
      capacity,
      expiry,
      clock,
      // Nothing of the users' runs here, so one delivery never begins inside another.
      groups: { deliverTo: (queue) => queue.deliver() },
    });
    this.#presence = new LocalPresence({
      groups: { deliverTo: (listener, message, delivery) => listener.deliver(message, delivery) },
      // What is said of members stays as it was written down.
      write: (message) => message,
      clock,
      interval: rules.presenceInterval,
    });
    const isJoined = (group: string): boolean => this.members.has(group);
    this.#histories =
      history.length === 0
        ? undefined
        : new Histories({ rules: new HistoryRules(history), clock, bytes, isJoined });
    return undefined;
  }

  /** The desk that has this prefix now. */
  deskOf(prefix: string): Desk | undefined {
    return this.#byPrefix.get(prefix);
  }

  /** A desk has a worker. */
  admit(desk: Desk): void {
    this.#byPrefix.set(desk.prefix, desk);
  }

  /** A desk has its worker no more: nobody of it is a member of anything. */
  forget(desk: Desk): void {
    if (this.#byPrefix.get(desk.prefix) === desk) this.#byPrefix.delete(desk.prefix);
    for (const group of this.members.leaveAll(desk)) this.#vacated(group);
  }

  /** A desk is closed. */
  remove(desk: Desk): void {
    this.#desks.delete(desk);
    if (this.#desks.size > 0) return;
    this.#cancelRound?.();
    this.#cancelRound = undefined;
  }

  // For its desks: groups.

  /** Puts a member on a group's list. */
  enter(group: string, desk: Desk, member: Member): void {
    if (this.members.join(group, desk, member)) this.#watchers.occupied(group);
  }

  /** Takes a member off a group's list. */
  leave(group: string, desk: Desk, member: Member): undefined {
    if (this.members.leave(group, desk, member)) this.#vacated(group);
  }

  /** Where a group's history stands, and what came after `since`. */
  place(group: string, since: Position | undefined): Placed | undefined {
    const history = this.#histories?.of(group);
    if (history === undefined) return undefined;
    const { epoch, top } = history;
    const { recover } = history.rule;
    if (since === undefined) return { epoch, top, recover };
    // One at least: an empty slice would say that nothing was missed.
    return { epoch, top, recover, slice: this.#slice(history, since, Math.max(1, recover)) };
  }

  /** What came after a position. */
  read(group: string, since: Position | undefined, limit: number): WrittenSlice {
    const history = this.#histories?.of(group);
    // The rules changed, and the group has no history any more: it is another one, and empty.
    if (history === undefined) return { epoch: "", top: 0 };
    return this.#slice(history, since, limit);
  }

  /** Numbers, keeps and sends a message to all desks with a member; the position, if it has one. */
  groupSend({ group, data, id, except }: Questions["groupSend"]["ask"]): string | undefined {
    const more = {
      ...(id === undefined ? {} : { id }),
      ...(except === undefined ? {} : { except }),
    };
    const history = this.#histories?.of(group);
    if (history === undefined) {
      this.#deliver({ kind: "group", group, data, ...more });
      return undefined;
    }
    const now = this.clock.now();
    const known = id === undefined ? undefined : history.positionOf(id, now);
    if (known !== undefined) return known;
    const before = history.bytes;
    const { offset, delivery } = history.append(data, sizeOf(data), now, { id, except });
    this.#histories?.grown(group, history, before);
    this.#deliver({ kind: "group", group, data, ...more, epoch: history.epoch, offset });
    return delivery.position;
  }

  /** Who is shown where, and who listens. */
  get presence(): LocalPresence {
    return this.#presence as LocalPresence;
  }

  /** All who are shown in a group. */
  present(group: string): WrittenPresent[] {
    const all: WrittenPresent[] = [];
    let after: string | undefined;
    do {
      const { present, next } = this.presence.page(group, {
        limit: 1_000,
        ...(after === undefined ? {} : { after }),
      });
      all.push(...(present as WrittenPresent[]));
      after = next;
    } while (after !== undefined);
    return all;
  }

  /** A page of the names of a group's members. */
  page(group: string, options: PageOptions): Questions["members"]["answer"] {
    const names = new Set<string>();
    for (const [desk, members] of this.members.of(group)) {
      for (const member of members) names.add(desk.nameOf(member));
    }
    const { page, next } = pageOf(names, options);
    return next === undefined ? { page } : { page, next };
  }

  /** Whether a channel is on a group's list. */
  isMember(group: string, channel: string): boolean {
    if (channel.startsWith(anonymousPrefix)) {
      const found = this.#find(channel);
      return found !== undefined && this.members.isMember(group, found.desk, found.member);
    }
    for (const desk of this.members.of(group).keys()) {
      for (const member of desk.readersOf(channel)) {
        if (this.members.isMember(group, desk, member)) return true;
      }
    }
    return false;
  }

  /** Tells a watcher which groups are occupied, from now on. */
  watch(groups: string, watcher: GroupWatcher): Watch {
    return this.#watchers.add(new GroupPattern(groups, "groups"), watcher, this.members.names());
  }

  // For its desks: channels.

  /** The channels with a fixed name. */
  get named(): NamedChannels<Data> {
    return this.#named as NamedChannels<Data>;
  }

  /** Sends to a channel. @throws ChannelLayerError `ERR_CHANNEL_FULL`. */
  send(channel: string, data: Data): undefined {
    if (!channel.startsWith(anonymousPrefix)) {
      this.#named?.send(channel, () => data);
      return;
    }
    const found = this.#find(channel);
    found?.desk.deliver({ kind: "direct", channel: found.member, data }, weigh(data));
  }

  /** Sends a message once more whose reader is gone. If it has no room now, it is lost. */
  sendBack(name: string, data: Data): void {
    try {
      this.#named?.send(name, () => data);
    } catch {
      // Full: nobody is left to be told.
    }
  }

  /** Who made a name, and for which channel. */
  #find(name: string): { readonly desk: Desk; readonly member: Member } | undefined {
    const end = name.lastIndexOf(".") + 1;
    const desk = this.#byPrefix.get(name.slice(0, end));
    const member = Number.parseInt(name.slice(end), 36);
    // One number has one name.
    return desk?.nameOf(member) === name ? { desk, member } : undefined;
  }

  #deliver(letter: GroupLetter): void {
    const size = weigh(letter.data);
    for (const desk of this.members.of(letter.group).keys()) desk.deliver(letter, size);
  }

  #slice(history: History<Data>, since: Position | undefined, limit: number): WrittenSlice {
    const { epoch, top, oldest, items } = history.read(since, limit, this.clock.now());
    const from = oldest === undefined ? { epoch, top } : { epoch, top, oldest };
    if (items === undefined) return from;
    const written = items.map(({ offset, message: data, delivery: { id }, except }) => ({
      offset,
      data,
      ...(id === undefined ? {} : { id }),
      ...(except === undefined ? {} : { except }),
    }));
    return { ...from, items: written };
  }

  #vacated(group: string): void {
    this.#histories?.touch(group);
    this.#watchers.vacated(group);
  }

  // Workers that are silent.

  #scheduleRound(): void {
    if (this.lease === Number.POSITIVE_INFINITY || this.#cancelRound !== undefined) return;
    this.#lastRound = this.clock.now();
    const every = this.lease / roundsPerLease;
    const ring = (): void => {
      this.#cancelRound = undefined;
      this.#round(every);
      if (this.#desks.size > 0) this.#scheduleRound();
    };
    this.#cancelRound = this.clock.after(every, ring, true);
  }

  #round(every: number): void {
    const now = this.clock.now();
    // If this process stood still itself, it has heard of nobody, and that is not their fault.
    const isLate = now - this.#lastRound > 2 * every;
    for (const desk of this.#desks) {
      if (isLate) desk.heard = now;
      else if (desk.isIn && now - desk.heard > this.lease) {
        publish("sluice:cluster.expire", { silence: now - desk.heard });
        desk.giveUp();
      }
    }
  }
}

/** How often silent workers are looked for, in the time that one may be silent. */
const roundsPerLease = 4;
