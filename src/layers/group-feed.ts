import type { Gap, Joined } from "./channel-layer.ts";
import { Followers, type GroupPlace } from "./followers.ts";
import type { Gate, LocalGroups, LocalMember } from "./local-groups.ts";
import { formatPosition, type Position } from "./position.ts";
import type { HistoryItem, HistorySource, Slice } from "./slice.ts";

/** Who wants to know which members are not level with their group. */
export interface FeedObserver {
  /** A member is behind. */
  behind(member: LocalMember, feed: GroupFeed): void;
  /** It is level with the group again, or has left. */
  level(member: LocalMember, feed: GroupFeed): void;
}

/** What a {@link GroupFeed} needs to know. */
export interface FeedOptions {
  readonly group: string;
  /** Its members are joined and left there; the feed serves them. */
  readonly groups: LocalGroups;
  readonly source: HistorySource;
  /** How many messages a joiner may have missed and still get. */
  readonly recover: number;
  readonly observer: FeedObserver;
  /** Where the history stands, if that is known without reading it. */
  readonly start?: Position;
}

/**
 * One group with a history, in this process: brings every member what it has not seen, once and in
 * order, or says that it cannot.
 *
 * It knows one place for the whole process, the last message that was given out. A live message that
 * follows it is given out; an older one is a duplicate; a later one is held while the hole before it
 * is read, once for all members. Only members that are elsewhere have a place of their own, among the
 * {@link Followers}: those that join with a position, and those that had no room.
 */
export class GroupFeed implements Gate, GroupPlace {
  readonly #options: FeedOptions;
  /** Where the process is. */
  #epoch = "";
  #cursor = 0;
  /** The message that is being served, or was last; behind `#cursor` while some wait in LocalGroups. */
  #served = 0;
  #state: "opening" | "live" | "mending" | "closed" = "opening";
  /** Live messages that cannot be given out yet, in the order in which they came. */
  #held: Held[] = [];
  #spilt = false;
  #opening: Promise<void> | undefined;
  /** Those that joined before the history was looked at for the first time. */
  #arrivals: Arrival[] = [];
  /** Reads in a row that did not reach what is held. */
  #vain = 0;
  /** Absent until a member was somewhere else than its group. */
  #followers: Followers | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    if (options.start === undefined) return;
    this.#moveTo(options.start.epoch, options.start.offset);
    this.#state = "live";
  }

  /** The position of the newest message that was given out. */
  get position(): string {
    return formatPosition(this.#epoch, this.#served);
  }

  /** How many members are not level with the group. */
  get behind(): number {
    return this.#followers?.size ?? 0;
  }

  /**
   * Places a member that is on the group's list; call it in the turn in which it was put there.
   * Rejects if the history could not be read: then it is to be taken off the list again, unless it
   * was there before; in that case it goes on from where it was.
   */
  join(member: LocalMember, since: string | undefined): Joined | Promise<Joined> {
    if (this.#state !== "opening") return this.#place(member, since);
    const arrival: Arrival = { member, hasLeft: false };
    this.#arrivals.push(arrival);
    return this.#open().then(() => (arrival.hasLeft ? nowhere(since) : this.#place(member, since)));
  }

  #place(member: LocalMember, since: string | undefined): Joined | Promise<Joined> {
    // It left while the history was looked at for the first time.
    if (this.#state === "closed") return nowhere(since);
    if (since === undefined && this.#followers === undefined) return { position: this.position };
    this.#followers ??= new Followers(this.#options.groups, this);
    return this.#followers.place(member, since);
  }

  /** Forgets a member that was taken off the group's list. */
  leave(member: LocalMember): void {
    for (const arrival of this.#arrivals) if (arrival.member === member) arrival.hasLeft = true;
    this.#followers?.leave(member);
  }

  /** Nobody here is in the group any more. */
  close(): void {
    this.#state = "closed";
    this.#held = [];
    this.#followers?.clear();
  }

  /** A message came from the backend, in whatever order and as often as that pleases. */
  live(epoch: string, item: HistoryItem): void {
    if (this.#state === "closed") return;
    if (this.#state !== "live") return this.#hold(epoch, item);
    if (epoch === this.#epoch) {
      if (item.offset <= this.#cursor) return;
      if (item.previous <= this.#cursor) return this.#giveOut(item);
    }
    this.#hold(epoch, item);
    this.#mend();
  }

  /**
   * Asks the history whether something was missed: after a connection to the backend was lost, or
   * when the group has been quiet for long. Members that could not be caught up are tried again.
   */
  check(): void {
    // What is being read may have been looked up before the loss.
    if (this.#state !== "live") this.#spilt = true;
    else this.#mend();
    this.#followers?.retry();
  }

  /** A member that had no room has some: it goes on from where it stopped. */
  resume(member: LocalMember): void {
    this.#followers?.resume(member);
  }

  // The gate of LocalGroups.

  /** @internal */
  begin(item: HistoryItem): void {
    this.#served = item.offset;
  }

  /** @internal */
  serve(member: LocalMember, item: HistoryItem): void {
    // Everybody left while it waited; who is here has joined anew, and knows another feed.
    if (this.#state === "closed") return;
    if (this.#followers !== undefined && !this.#followers.isLevel(member, item)) return;
    if (member.offer(item.message, item.delivery)) return;
    this.#followers ??= new Followers(this.#options.groups, this);
    this.#followers.stop(member, item.previous);
  }

  // What its followers ask.

  /** @internal */
  get group(): string {
    return this.#options.group;
  }

  /** @internal */
  get epoch(): string {
    return this.#epoch;
  }

  /** @internal */
  get cursor(): number {
    return this.#cursor;
  }

  /** @internal */
  get served(): number {
    return this.#served;
  }

  /** @internal */
  get recover(): number {
    return this.#options.recover;
  }

  /** @internal */
  read(since: Position | undefined, limit: number): Slice | Promise<Slice> {
    return this.#options.source.read(this.#options.group, since, limit);
  }

  /** @internal */
  gapAfter(lastSeen: string, epoch: string, oldest: number | undefined): Gap {
    const gap = { group: this.#options.group, lastSeen, top: this.position };
    return Object.freeze(
      oldest === undefined ? gap : { ...gap, oldest: formatPosition(epoch, oldest) },
    );
  }

  /** @internal */
  setBehind(member: LocalMember): void {
    this.#options.observer.behind(member, this);
  }

  /** @internal */
  setLevel(member: LocalMember): void {
    this.#options.observer.level(member, this);
  }

  // The place of the process.

  #moveTo(epoch: string, offset: number): void {
    this.#epoch = epoch;
    this.#cursor = offset;
    this.#served = offset;
  }

  #giveOut(item: HistoryItem): void {
    this.#cursor = item.offset;
    this.#vain = 0;
    this.#options.groups.deliverItem(this.#options.group, item, this);
  }

  #hold(epoch: string, item: HistoryItem): void {
    if (this.#held.length < mostHeld) this.#held.push({ epoch, item });
    else this.#spilt = true;
  }

  #open(): Promise<void> {
    this.#opening ??= Promise.resolve(this.read(undefined, 0)).then(
      ({ epoch, top }) => {
        if (this.#state !== "opening") return;
        this.#moveTo(epoch, top);
        // Those who wait have their places first: after this, in the order in which they came.
        this.#state = "mending";
        void this.#opening?.then(() => {
          this.#arrivals = [];
          if (this.#state === "mending") this.#goLive();
        });
      },
      (error: unknown) => {
        this.#opening = undefined;
        this.#arrivals = [];
        throw error;
      },
    );
    return this.#opening;
  }

  /** Reads the hole before what is held. */
  #mend(): void {
    this.#state = "mending";
    const here = { epoch: this.#epoch, offset: this.#cursor };
    const slice = this.read(here, pageSize);
    if (!(slice instanceof Promise)) return this.#mendWith(slice);
    slice.then(
      (read) => this.#mendWith(read),
      // The backend is away. What is held waits for the next message, or for `check`.
      () => {
        if (this.#state === "mending") this.#state = "live";
      },
    );
  }

  #mendWith(slice: Slice): void {
    if (this.#state !== "mending") return;
    const { items, epoch, top } = slice;
    if (items === undefined) this.#lose(epoch, top, slice.oldest);
    for (const item of items ?? []) {
      if (item.offset > this.#cursor) this.#giveOut(item);
    }
    if (items !== undefined && items.length > 0 && this.#cursor < top) return this.#mend();
    this.#goLive();
  }

  /** Gives out what was held; what still does not follow is read for again, but not for ever. */
  #goLive(): void {
    this.#state = "live";
    const held = this.#held;
    const spilt = this.#spilt;
    this.#held = [];
    this.#spilt = false;
    let isVain = false;
    for (const { epoch, item } of held) {
      if (epoch !== this.#epoch || item.previous > this.#cursor) {
        if (this.#vain >= mostVain) {
          // A message of no history that can be read, or one whose predecessors nobody has.
          this.#vain = 0;
          if (epoch !== this.#epoch) continue;
          this.#lose(epoch, item.previous, undefined);
        } else if (!isVain) {
          isVain = true;
          this.#vain += 1;
        }
      }
      this.live(epoch, item);
    }
    if (spilt && this.#state === "live") this.#mend();
  }

  /** Everybody hears that the messages up to `top` will not come, and goes on from there. */
  #lose(epoch: string, top: number, oldest: number | undefined): void {
    const { groups, group } = this.#options;
    const lastSeen = this.position;
    this.#moveTo(epoch, top);
    const gap = this.gapAfter(lastSeen, epoch, oldest);
    for (const member of [...groups.members(group)]) {
      // Those that are behind have a place of their own, and hear of it when they are read for.
      if (this.#followers?.has(member) !== true) groups.tell(member, gap);
    }
    this.#followers?.turn();
  }
}

/** A member that waits for its place. */
interface Arrival {
  readonly member: LocalMember;
  hasLeft: boolean;
}

/** What a member hears of a join that it has ended itself. */
function nowhere(since: string | undefined): Joined {
  return since === undefined ? {} : { recovered: false };
}

interface Held {
  readonly epoch: string;
  readonly item: HistoryItem;
}

/** How many live messages wait for a hole to be mended. */
const mostHeld = 1_000;

/** How many messages are read at a time. */
const pageSize = 500;

/** How often a hole is read without the messages before it having come, until they are given up. */
const mostVain = 3;
