import type { Addresses } from "../addresses.ts";
import type { LocalChannel } from "../local-channel.ts";
import type { LocalGroups } from "../local-groups.ts";
import { pageOf } from "../page.ts";
import { PresenceBoard } from "../presence-board.ts";
import type { WrittenPresence } from "../written-presence.ts";
import type { Entry, PageQuestion, WrittenPage, WrittenPresent } from "./letters.ts";

/** Who of this process is in which group, and how they are shown: what it can tell others. */
export class Residents {
  readonly #groups: LocalGroups;
  readonly #addresses: Addresses;
  readonly #shown = new Map<string, Shown>();

  constructor(groups: LocalGroups, addresses: Addresses) {
    this.#groups = groups;
    this.#addresses = addresses;
  }

  /** Shows a member of a group, or shows it in another way. */
  show(group: string, channel: LocalChannel, written: WrittenPresence): void {
    let shown = this.#shown.get(group);
    if (shown === undefined) {
      shown = { board: new PresenceBoard(), members: new Map() };
      this.#shown.set(group, shown);
    }
    const { key, info } = written;
    shown.members.set(channel, written);
    shown.board.set(channel, { key, info, text: info === undefined ? "" : JSON.stringify(info) });
    shown.board.takeChanges();
  }

  /** A member left a group; whether it was shown there. */
  hide(group: string, channel: LocalChannel): boolean {
    const shown = this.#shown.get(group);
    if (shown === undefined || !shown.members.delete(channel)) return false;
    shown.board.delete(channel);
    shown.board.takeChanges();
    if (shown.members.size === 0) this.#shown.delete(group);
    return true;
  }

  /** Those who are shown in a group, and how. */
  shown(group: string): Iterable<readonly [LocalChannel, WrittenPresence]> {
    return this.#shown.get(group)?.members ?? [];
  }

  /** The same, for another process. */
  *entries(group: string): Iterable<Entry> {
    for (const [channel, written] of this.shown(group)) yield [this.keyOf(channel), written];
  }

  /** How a member is called in what other processes mirror. */
  keyOf(channel: LocalChannel): string {
    return this.#addresses.numberOf(channel).toString(36);
  }

  /** How many members a group has. */
  count(group: string): number {
    return this.#groups.size(group);
  }

  /** Whether one of them has this name. */
  has(group: string, name: string): boolean {
    const reader = this.#addresses.reachByName(name);
    if (reader !== undefined) return this.#groups.has(group, reader);
    for (const member of this.#groups.members(group)) if (member.answersTo(name)) return true;
    return false;
  }

  /** Their names. */
  members({ group, after, limit }: PageQuestion, most: number): WrittenPage<string> {
    const names = new Set<string>();
    for (const member of this.#groups.members(group)) names.add((member as LocalChannel).name);
    const { page, next } = pageOf(names, { after, limit });
    return cut(page, next !== undefined, most);
  }

  /** Who is shown in a group. */
  presence({ group, after, limit }: PageQuestion, most: number): WrittenPage<WrittenPresent> {
    const board = this.#shown.get(group)?.board ?? empty;
    const { present, next } = board.page({ after, limit });
    return cut(present as readonly WrittenPresent[], next !== undefined, most);
  }

  /** The keys of those who are shown in a group. */
  keys(question: PageQuestion, most: number): WrittenPage<readonly [string, number]> {
    const { group, after, limit } = question;
    const board = this.#shown.get(group)?.board ?? empty;
    const { present, next } = board.page({ after, limit });
    const keys = present.map(({ key, channels }) => [key, channels] as const);
    return cut(keys, next !== undefined, most);
  }

  /** Forgets everybody. */
  clear(): void {
    this.#shown.clear();
  }
}

interface Shown {
  readonly board: PresenceBoard;
  readonly members: Map<LocalChannel, WrittenPresence>;
}

const empty = new PresenceBoard();

/** As many of the items as fit into `most` bytes, and one at least. */
function cut<T>(items: readonly T[], more: boolean, most: number): WrittenPage<T> {
  let size = 0;
  for (const [index, item] of items.entries()) {
    size += Buffer.byteLength(JSON.stringify(item)) + 1;
    if (size > most && index > 0) return { items: items.slice(0, index), more: true };
  }
  return { items, more };
}
