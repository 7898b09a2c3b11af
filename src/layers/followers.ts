import type { Gap, Joined } from "./channel-layer.ts";
import { Follower } from "./follower.ts";
import type { LocalGroups, LocalMember } from "./local-groups.ts";
import { formatPosition, parsePosition, type Position } from "./position.ts";
import type { HistoryItem, Slice } from "./slice.ts";

/** Where a group is in this process, and how to look elsewhere. */
export interface GroupPlace {
  readonly group: string;
  readonly epoch: string;
  /** The newest message that was given out. */
  readonly cursor: number;
  /** The message that is being served, or was last: what is between it and `cursor` is on its way. */
  readonly served: number;
  /** The position of `served`. */
  readonly position: string;
  /** How many messages a joiner may have missed and still get. */
  readonly recover: number;
  read(since: Position, limit: number): Slice | Promise<Slice>;
  /** The history may be ahead of this process. */
  check(): void;
  gapAfter(lastSeen: string, epoch: string, oldest: number | undefined): Gap;
  /** A member has a place of its own now, or no longer. */
  setBehind(member: LocalMember): void;
  setLevel(member: LocalMember): void;
}

/**
 * Those members of a group that are not where it is: they came with a position, or had no room.
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
export class Followers {
  readonly #groups: LocalGroups;
  readonly #feed: GroupPlace;
  readonly #followers = new Map<LocalMember, Follower>();

  constructor(groups: LocalGroups, feed: GroupPlace) {
    this.#groups = groups;
    this.#feed = feed;
  }

  /** How many there are. */
  get size(): number {
    return this.#followers.size;
  }

  /** Whether a member has a place of its own. */
  has(member: LocalMember): boolean {
    return this.#followers.has(member);
  }

  /** Places a member that is on the group's list, where it asks to be. */
  place(member: LocalMember, since: string | undefined): Joined | Promise<Joined> {
    const known = this.#followers.get(member);
    if (since === undefined) {
      // Who is behind already keeps its place: joining twice is joining once.
      const place =
        known === undefined ? this.#feed.position : formatPosition(known.epoch, known.cursor);
      return { position: place };
    }
    const former = known ?? new Follower(member, this.#feed.epoch, this.#feed.served, mostHeld);
    const wasStopped = known?.state === "stopped";
    if (known !== undefined) this.#setLevel(known);
    const from = parsePosition(since);
    if (from === undefined) return this.#notRecovered(member);
    const follower = new Follower(member, from.epoch, from.offset, mostHeld);
    this.#setBehind(follower);
    const joined = this.#recover(follower, from, 1);
    if (!(joined instanceof Promise)) return joined;
    return joined.catch((error: unknown) => {
      if (this.#followers.get(member) === follower) {
        this.#setLevel(follower);
        former.state = wasStopped ? "stopped" : "waiting";
        this.#setBehind(former);
      }
      throw error;
    });
  }

  /** Step 5: whether a member is served with this live message as all others are. */
  isLevel(member: LocalMember, item: HistoryItem): boolean {
    const follower = this.#followers.size === 0 ? undefined : this.#followers.get(member);
    if (follower === undefined) return true;
    if (follower.state === "reading") follower.keep(item);
    if (follower.state !== "following") return false;
    if (item.offset <= follower.last) return false;
    if (follower.hasMail) {
      follower.add(item);
      const postman = { deliver: () => this.#giveNext(follower) };
      this.#groups.deliverTo(postman, item.message, item.delivery);
      return false;
    }
    this.#setLevel(follower);
    return true;
  }

  /** A member has no room for what comes after `cursor`. */
  stop(member: LocalMember, cursor: number): void {
    const follower = new Follower(member, this.#feed.epoch, cursor, mostHeld);
    follower.state = "stopped";
    this.#setBehind(follower);
  }

  /** A member that was stopped has room. */
  resume(member: LocalMember): void {
    const follower = this.#followers.get(member);
    if (follower?.state === "stopped") this.#catchUp(follower);
  }

  /** The backend is there again: who could not be read for is tried anew. */
  retry(): void {
    for (const follower of [...this.#followers.values()]) {
      if (follower.state === "waiting") this.#catchUp(follower);
    }
  }

  /** The group went on elsewhere: what follows for those who are given something has to be read. */
  turn(): void {
    for (const follower of [...this.#followers.values()]) {
      if (follower.state === "following") this.#catchUp(follower);
    }
  }

  /** Forgets a member that left. */
  leave(member: LocalMember): void {
    const follower = this.#followers.get(member);
    if (follower !== undefined) this.#setLevel(follower);
  }

  /** Forgets all of them. */
  clear(): void {
    for (const follower of [...this.#followers.values()]) this.#setLevel(follower);
  }

  #recover(follower: Follower, from: Position, retries: number): Joined | Promise<Joined> {
    const { epoch, cursor, recover } = this.#feed;
    // One at least: where nothing was asked for, an empty answer would say that nothing was missed.
    const slice = this.#feed.read(from, Math.max(1, recover));
    const decide = (read: Slice): Joined | Promise<Joined> => {
      if (this.#followers.get(follower.member) !== follower) {
        return { position: this.#feed.position, recovered: false };
      }
      const isOld = read.epoch === epoch && read.top < cursor;
      if (read.epoch !== this.#feed.epoch || isOld || follower.hasSpilt) {
        // The history is another one by now, an old copy of it answered, or too much came meanwhile.
        if (retries > 0) {
          follower.takeLive();
          this.#feed.check();
          return this.#recover(follower, from, retries - 1);
        }
      } else if (
        read.items !== undefined &&
        read.items.length <= recover &&
        (read.items.at(-1)?.offset ?? read.top) >= read.top
      ) {
        follower.state = "following";
        const top = Math.max(read.top, this.#feed.served);
        this.#give(follower, read);
        return { position: formatPosition(read.epoch, top), recovered: true };
      }
      this.#setLevel(follower);
      return this.#notRecovered(follower.member, read);
    };
    if (!(slice instanceof Promise)) return decide(slice);
    return slice.then(decide);
  }

  /** Gives it a place after all that was sent before, as far as that is known. */
  #notRecovered(member: LocalMember, read?: Slice): Joined {
    const { epoch, group, served } = this.#feed;
    const top = read?.epoch === epoch ? Math.max(read.top, served) : served;
    // The group may not be there yet; or it was a member before, and this delivery may still reach it.
    if (top > served || this.#groups.isServing(group)) {
      const follower = new Follower(member, epoch, top, mostHeld);
      follower.state = "following";
      this.#setBehind(follower);
    }
    return { position: formatPosition(epoch, top), recovered: false };
  }

  /** Reads for a member that is behind, a page at a time. */
  #catchUp(follower: Follower): void {
    follower.drop();
    follower.state = "reading";
    const slice = this.#feed.read({ epoch: follower.epoch, offset: follower.cursor }, pageSize);
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
    if (slice.items?.length === 0 && slice.top < this.#feed.served) follower.vain += 1;
    if (slice.items !== undefined && follower.vain < mostVain) {
      follower.state = "following";
      return this.#give(follower, slice);
    }
    const lastSeen = formatPosition(follower.epoch, follower.cursor);
    this.#setLevel(follower);
    this.#groups.tell(follower.member, this.#feed.gapAfter(lastSeen, slice.epoch, slice.oldest));
    if (slice.epoch !== this.#feed.epoch) this.#feed.check();
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
      this.#groups.deliverTo(postman, message, delivery);
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
    if (follower.cursor === this.#feed.served) this.#setLevel(follower);
    else if (follower.cursor < this.#feed.served) this.#catchUp(follower);
    // Otherwise it is ahead of what waits in LocalGroups, and passes that by.
  }

  #setBehind(follower: Follower): void {
    this.#followers.set(follower.member, follower);
    this.#feed.setBehind(follower.member);
  }

  #setLevel(follower: Follower): void {
    follower.state = "gone";
    follower.drop();
    if (this.#followers.get(follower.member) !== follower) return;
    this.#followers.delete(follower.member);
    this.#feed.setLevel(follower.member);
  }
}

/** How many live messages wait for a member that is read for. */
const mostHeld = 1_000;

/** How many messages are read at a time. */
const pageSize = 500;

/** How often a member is read for in vain, although it is behind, until it hears of a gap. */
const mostVain = 3;
