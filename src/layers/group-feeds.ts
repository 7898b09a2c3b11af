import type { Joined } from "./channel-layer.ts";
import { type FeedObserver, GroupFeed } from "./group-feed.ts";
import type { LocalGroups, LocalMember } from "./local-groups.ts";
import type { Position } from "./position.ts";
import type { HistorySource } from "./slice.ts";

/** What a layer says of a group with a history when somebody here joins it. */
export interface FeedOpening {
  /** How many messages a joiner may have missed and still get. */
  readonly recover: number;
  /** Where the history stands, if that is known at once. */
  readonly start?: Position;
}

/** The feeds of all groups with a history that have a member in this process. */
export class GroupFeeds implements FeedObserver {
  readonly #groups: LocalGroups;
  readonly #source: HistorySource;
  readonly #open: (group: string) => FeedOpening;
  readonly #feeds = new Map<string, GroupFeed>();
  /** Where a member is behind. */
  readonly #behind = new Map<LocalMember, Set<GroupFeed>>();

  /** `open` is called when a group gets its first member here. */
  constructor(groups: LocalGroups, source: HistorySource, open: (group: string) => FeedOpening) {
    this.#groups = groups;
    this.#source = source;
    this.#open = open;
  }

  /** How many groups have one. */
  get size(): number {
    return this.#feeds.size;
  }

  /** The feed of a group, if it has a member here. */
  of(group: string): GroupFeed | undefined {
    return this.#feeds.get(group);
  }

  /** Places a member that {@link LocalGroups} has put on the list. See {@link GroupFeed.join}. */
  join(group: string, member: LocalMember, since: string | undefined): Joined | Promise<Joined> {
    let feed = this.#feeds.get(group);
    if (feed === undefined) {
      feed = new GroupFeed({
        ...this.#open(group),
        group,
        groups: this.#groups,
        source: this.#source,
        observer: this,
      });
      this.#feeds.set(group, feed);
    }
    return feed.join(member, since);
  }

  /** A member was taken off a group's list; `emptied` says that it was the last one. */
  leave(group: string, member: LocalMember, emptied: boolean): void {
    if (emptied) this.close(group);
    else this.#feeds.get(group)?.leave(member);
  }

  /** A member was taken off every list; `emptied` are the groups that it was the last one of. */
  leaveAll(member: LocalMember, emptied: readonly string[]): void {
    for (const feed of [...(this.#behind.get(member) ?? [])]) feed.leave(member);
    if (this.#feeds.size > 0) for (const group of emptied) this.close(group);
  }

  /** Nobody here is in this group any more. */
  close(group: string): void {
    const feed = this.#feeds.get(group);
    if (feed === undefined) return;
    this.#feeds.delete(group);
    feed.close();
  }

  /** A member has room again: it goes on wherever it stopped. */
  resume(member: LocalMember): void {
    for (const feed of [...(this.#behind.get(member) ?? [])]) feed.resume(member);
  }

  /** Asks every history whether something was missed. See {@link GroupFeed.check}. */
  check(): void {
    for (const feed of this.#feeds.values()) feed.check();
  }

  /** Forgets all of them. */
  clear(): void {
    for (const group of [...this.#feeds.keys()]) this.close(group);
  }

  /** @internal */
  behind(member: LocalMember, feed: GroupFeed): void {
    const feeds = this.#behind.get(member);
    if (feeds === undefined) this.#behind.set(member, new Set([feed]));
    else feeds.add(feed);
  }

  /** @internal */
  level(member: LocalMember, feed: GroupFeed): void {
    const feeds = this.#behind.get(member);
    feeds?.delete(feed);
    if (feeds?.size === 0) this.#behind.delete(member);
  }
}
