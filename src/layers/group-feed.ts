import type { Gap, Joined } from "./channel-layer.ts";
import { Follower } from "./follower.ts";
import type { Gate, LocalGroups, LocalMember } from "./local-groups.ts";
import { formatPosition, parsePosition, type Position } from "./position.ts";
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
 * is read, once for all members. Only members that are elsewhere have a place of their own: those
 * that join with a position, and those that had no room.
 *
 * The seam between history and live messages, which all of them cross:
 *
 * ```
 *   live messages   ──●──●──●──●──●──●──●──▶   kept for the member from the first step on
 *   1 keep          ┄┄├─ ─ ─ ─ ─ ─ ─ ─ ─ ─
 *   2 read             since ●──●──●──● top    everything after its position, or nothing
 *   3 give                   ●──●──●──●        the slice, oldest first
 *   4 kept                            └──●──●  of what was kept, that which is after `top`
 *   5 level                                 └▶ it is served with all the others again
 * ```
 *
 * With a source that answers at once all steps are one.
 */
export class GroupFeed implements Gate {
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
  /** Reads in a row that did not reach what is held. */
  #vain = 0;
  /** Absent until a member was somewhere else than its group. */
  #followers: Map<LocalMember, Follower> | undefined;

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
   * Rejects if the history could not be read: then it is to be taken off the list again.
   */
  join(member: LocalMember, since: string | undefined): Joined | Promise<Joined> {
    if (this.#state === "opening") return this.#open().then(() => this.#place(member, since));
    return this.#place(member, since);
  }

  /** Forgets a member that was taken off the group's list. */
  leave(member: LocalMember): void {
    const follower = this.#followers?.get(member);
    if (follower !== undefined) this.#setLevel(follower);
  }

  /** Nobody here is in the group any more. */
  close(): void {
    this.#state = "closed";
    this.#held = [];
    for (const follower of [...(this.#followers?.values() ?? [])]) this.#setLevel(follower);
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
    if (this.#state === "live") this.#mend();
    for (const follower of [...(this.#followers?.values() ?? [])]) {
      if (follower.state === "waiting") this.#catchUp(follower);
    }
  }

  /** A member that had no room has some: it goes on from where it stopped. */
  resume(member: LocalMember): void {
    const follower = this.#followers?.get(member);
    if (follower?.state === "stopped") this.#catchUp(follower);
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
    if (this.#followers !== undefined) {
      const follower = this.#followers.get(member);
      if (follower !== undefined && !this.#isLevel(follower, item)) return;
    }
    if (!member.offer(item.message, item.delivery)) this.#stop(member, item.previous);
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
    this.#opening ??= Promise.resolve(this.#read(undefined, 0)).then(
      ({ epoch, top }) => {
        if (this.#state !== "opening") return;
        this.#moveTo(epoch, top);
        this.#goLive();
      },
      (error: unknown) => {
        this.#opening = undefined;
        throw error;
      },
    );
    return this.#opening;
  }

  /** Reads the hole before what is held. */
  #mend(): void {
    this.#state = "mending";
    const here = { epoch: this.#epoch, offset: this.#cursor };
    const slice = this.#read(here, pageSize);
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
    const gap = this.#gapAfter(lastSeen, epoch, oldest);
    for (const member of [...groups.members(group)]) {
      const follower = this.#followers?.get(member);
      // Those that are behind have a place of their own, and hear of it when they are read for.
      if (follower === undefined) groups.tell(member, gap);
      else if (follower.state === "following") this.#catchUp(follower);
    }
  }

  #gapAfter(lastSeen: string, epoch: string, oldest: number | undefined): Gap {
    const gap = { group: this.#options.group, lastSeen, top: this.position };
    return Object.freeze(
      oldest === undefined ? gap : { ...gap, oldest: formatPosition(epoch, oldest) },
    );
  }

  // The places of single members.

  #place(member: LocalMember, since: string | undefined): Joined | Promise<Joined> {
    // It left while the history was looked at for the first time.
    if (this.#state === "closed") return since === undefined ? {} : { recovered: false };
    const known = this.#followers?.get(member);
    if (since === undefined) {
      // Who is behind already keeps its place: joining twice is joining once.
      const place = known === undefined ? this.position : formatPosition(known.epoch, known.cursor);
      return { position: place };
    }
    if (known !== undefined) this.#setLevel(known);
    const from = parsePosition(since);
    if (from === undefined) return this.#notRecovered();
    const follower = new Follower(member, from.epoch, from.offset, mostHeld);
    this.#setBehind(follower);
    return this.#recover(follower, from, 1);
  }

  #recover(follower: Follower, from: Position, retries: number): Joined | Promise<Joined> {
    const here = { epoch: this.#epoch, offset: this.#cursor };
    const slice = this.#read(from, this.#options.recover);
    const decide = (read: Slice): Joined | Promise<Joined> => {
      if (this.#followers?.get(follower.member) !== follower) return this.#notRecovered();
      const isOld = read.epoch === here.epoch && read.top < here.offset;
      if (read.epoch !== this.#epoch || isOld || follower.hasSpilt) {
        // The history is another one by now, an old copy of it answered, or too much came meanwhile.
        if (retries > 0) {
          follower.takeLive();
          if (this.#state === "live") this.#mend();
          return this.#recover(follower, from, retries - 1);
        }
      } else if (read.items !== undefined && (read.items.at(-1)?.offset ?? read.top) >= read.top) {
        follower.state = "following";
        const top = Math.max(read.top, this.#served);
        this.#give(follower, read);
        return { position: formatPosition(read.epoch, top), recovered: true };
      }
      this.#setLevel(follower);
      return this.#notRecovered();
    };
    if (!(slice instanceof Promise)) return decide(slice);
    return slice.then(decide, (error: unknown) => {
      this.#setLevel(follower);
      throw error;
    });
  }

  #notRecovered(): Joined {
    return { position: this.position, recovered: false };
  }

  /** Reads for a member that is behind, a page at a time. */
  #catchUp(follower: Follower): void {
    follower.drop();
    follower.state = "reading";
    const slice = this.#read({ epoch: follower.epoch, offset: follower.cursor }, pageSize);
    if (!(slice instanceof Promise)) return this.#caughtUp(follower, slice);
    slice.then(
      (read) => this.#caughtUp(follower, read),
      () => {
        // The backend is away: `check` tries again. What comes meanwhile is in the history.
        if (follower.state === "reading") follower.state = "waiting";
      },
    );
  }

  #caughtUp(follower: Follower, slice: Slice): void {
    if (follower.state !== "reading") return;
    if (slice.items?.length === 0 && slice.top < this.#served) follower.vain += 1;
    if (slice.items !== undefined && follower.vain < mostVain) {
      follower.state = "following";
      return this.#give(follower, slice);
    }
    const lastSeen = formatPosition(follower.epoch, follower.cursor);
    this.#setLevel(follower);
    this.#options.groups.tell(follower.member, this.#gapAfter(lastSeen, slice.epoch, slice.oldest));
    if (slice.epoch !== this.#epoch) this.check();
  }

  /** Steps 3 and 4 of the seam. */
  #give(follower: Follower, { items = [], top }: Slice): void {
    const mails: HistoryItem[] = [];
    for (const item of items) if (follower.add(item)) mails.push(item);
    // Nothing of the group is between what it has and `top`, where a backend counts several groups.
    if (items.length === 0 && top > follower.cursor) follower.cursor = top;
    for (const item of follower.takeLive()) {
      // A hole, because too much came to be kept: it is read once the messages before it were given.
      if (item.previous > follower.last) break;
      if (follower.add(item)) mails.push(item);
    }
    if (mails.length === 0) return this.#settle(follower);
    const postman = { deliver: () => this.#giveNext(follower) };
    for (const { message, delivery } of mails) {
      this.#options.groups.deliverTo(postman, message, delivery);
    }
  }

  #giveNext(follower: Follower): void {
    if (!follower.isFollowing || !follower.hasMail) return;
    const taken = follower.give();
    // The member may have left, or joined anew, while it was served.
    if (!follower.isFollowing) return;
    if (!taken) follower.state = "stopped";
    else if (!follower.hasMail) this.#settle(follower);
  }

  /** Nothing waits for it any more. */
  #settle(follower: Follower): void {
    if (follower.cursor === this.#served) this.#setLevel(follower);
    else if (follower.cursor < this.#served) this.#catchUp(follower);
    // Otherwise it is ahead of what waits in LocalGroups, and passes that by.
  }

  /** Step 5: whether a member that was behind is served with this live message as all others are. */
  #isLevel(follower: Follower, item: HistoryItem): boolean {
    if (follower.state === "reading") follower.keep(item);
    if (follower.state !== "following") return false;
    if (item.offset <= follower.last) return false;
    if (follower.hasMail) {
      follower.add(item);
      const postman = { deliver: () => this.#giveNext(follower) };
      this.#options.groups.deliverTo(postman, item.message, item.delivery);
      return false;
    }
    this.#setLevel(follower);
    return true;
  }

  #stop(member: LocalMember, cursor: number): void {
    const follower = new Follower(member, this.#epoch, cursor, mostHeld);
    follower.state = "stopped";
    this.#setBehind(follower);
  }

  #setBehind(follower: Follower): void {
    this.#followers ??= new Map();
    this.#followers.set(follower.member, follower);
    this.#options.observer.behind(follower.member, this);
  }

  #setLevel(follower: Follower): void {
    follower.state = "gone";
    follower.drop();
    if (this.#followers?.get(follower.member) !== follower) return;
    this.#followers?.delete(follower.member);
    if (this.#followers?.size === 0) this.#followers = undefined;
    this.#options.observer.level(follower.member, this);
  }

  #read(since: Position | undefined, limit: number): Slice | Promise<Slice> {
    return this.#options.source.read(this.#options.group, since, limit);
  }
}

interface Held {
  readonly epoch: string;
  readonly item: HistoryItem;
}

/** How many live messages wait, for a hole to be mended or a member to be read for. */
const mostHeld = 1_000;

/** How many messages are read at a time. */
const pageSize = 500;

/** How often a hole is read without the messages before it having come, until they are given up. */
const mostVain = 3;
