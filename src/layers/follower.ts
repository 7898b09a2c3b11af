import type { LocalMember } from "./local-groups.ts";
import type { HistoryItem } from "./slice.ts";

/**
 * A member that is not where its group is: it is being brought up, or it has no room.
 *
 * Whoever is level with its group has none of these, so they cost only those who need them.
 */
export class Follower {
  readonly member: LocalMember;
  /**
   * `reading`: what it missed is being read. `waiting`: it could not be read. `following`: it is given
   * what waits for it. `stopped`: it has no room. `gone`: it left, or is level again.
   */
  state: "reading" | "waiting" | "following" | "stopped" | "gone" = "reading";
  /** The epoch of its offsets. */
  epoch: string;
  /** The last message that it took, or was not meant to get. */
  cursor: number;
  /** Reads in a row that brought nothing, although it is behind. */
  vain = 0;
  /** What waits for it, oldest first. */
  #queue: HistoryItem[] = [];
  #head = 0;
  /** What came live while it was read for. */
  #live: HistoryItem[] = [];
  /** Whether more came than can wait: it has to be read. */
  #spilt = false;
  readonly #most: number;

  /** `most` is how many live messages may wait for it. */
  constructor(member: LocalMember, epoch: string, cursor: number, most: number) {
    this.member = member;
    this.epoch = epoch;
    this.cursor = cursor;
    this.#most = most;
  }

  /** The last message that it took or that waits for it. */
  get last(): number {
    return this.#queue.at(-1)?.offset ?? this.cursor;
  }

  /** Whether it is given what waits for it. */
  get isFollowing(): boolean {
    return this.state === "following";
  }

  /** Whether something waits for it. */
  get hasMail(): boolean {
    return this.#head < this.#queue.length;
  }

  /** Whether live messages were let go while it was read for. */
  get hasSpilt(): boolean {
    return this.#spilt;
  }

  /** Adds a message to what waits, unless it is there or was taken already; whether it was added. */
  add(item: HistoryItem): boolean {
    if (item.offset <= this.last) return false;
    this.#queue.push(item);
    return true;
  }

  /** Keeps a live message that comes while it is read for. */
  keep(item: HistoryItem): void {
    if (this.#live.length < this.#most) this.#live.push(item);
    else this.#spilt = true;
  }

  /** What came live meanwhile; from now on nothing has. */
  takeLive(): HistoryItem[] {
    const live = this.#live;
    this.#live = [];
    this.#spilt = false;
    return live;
  }

  /**
   * Gives the member the next message that waits. Returns false, with nothing waiting any more, if
   * it has no room.
   */
  give(): boolean {
    const item = this.#queue[this.#head];
    if (item === undefined) return true;
    const { member, cursor } = this;
    // Before the member is called: it may throw, and the message counts as taken.
    this.cursor = item.offset;
    this.vain = 0;
    this.#head += 1;
    if (this.#head === this.#queue.length) this.#clear();
    const isExcluded = item.except !== undefined && member.answersTo(item.except);
    if (isExcluded || member.offer(item.message, item.delivery)) return true;
    this.cursor = cursor;
    this.#clear();
    return false;
  }

  /** Lets go of what waits. */
  drop(): void {
    this.#clear();
    this.#live = [];
    this.#spilt = false;
  }

  #clear(): void {
    this.#queue = [];
    this.#head = 0;
  }
}
