import type { Delivery, LayerMessage, PresenceCount } from "../channel-layer.ts";
import type { LocalPresence, PresenceEvents } from "../local-presence.ts";
import { letterCost, type PresenceLetter, type ToWorker } from "./letters.ts";
import type { WrittenPresence } from "../written-presence.ts";
import type { Member } from "../addresses.ts";

/** What the presence of a desk needs. */
export interface DeskPresenceOptions {
  /** Who is shown where, in all workers. */
  readonly presence: () => LocalPresence;
  /** Sends what may be lost, if too much lies unread. */
  readonly deliver: (letter: ToWorker, size: number) => void;
}

/** The members of one worker that are shown somewhere, or listen. What several hear is one letter. */
export class DeskPresence {
  readonly #options: DeskPresenceOptions;
  readonly #guests = new Map<Member, Guest>();
  /** The last news, which may be for several of them. */
  #news: { readonly message: LayerMessage; readonly members: Member[] } | undefined;

  constructor(options: DeskPresenceOptions) {
    this.#options = options;
  }

  /** Shows a member of a group, and lets it listen. */
  join(
    group: string,
    member: Member,
    shown: WrittenPresence | undefined,
    events: PresenceEvents | undefined,
  ): void {
    if (shown === undefined && events === undefined) return;
    let guest = this.#guests.get(member);
    if (guest === undefined) {
      const tell = (where: string, message: LayerMessage) => this.#tell(where, member, message);
      guest = new Guest(tell);
      this.#guests.set(member, guest);
    }
    if (events !== undefined) guest.listens.add(group);
    const info = shown?.info;
    const text = info === undefined ? "" : JSON.stringify(info);
    const how = shown === undefined ? undefined : { key: shown.key, info, text };
    this.#options.presence().join(group, guest, how, events);
  }

  /** A member left a group. */
  leave(group: string, member: Member): void {
    const guest = this.#guests.get(member);
    if (guest === undefined) return;
    this.#options.presence().leave(group, guest);
    guest.listens.delete(group);
  }

  /** A member was closed. */
  forget(member: Member): void {
    this.#guests.delete(member);
  }

  /** The groups where somebody listens. */
  groups(): Set<string> {
    return new Set([...this.#guests.values()].flatMap(({ listens }) => [...listens]));
  }

  /** All of them leave. */
  clear(): void {
    for (const guest of this.#guests.values()) this.#options.presence().leaveAll(guest);
    this.#guests.clear();
  }

  #tell(group: string, member: Member, message: LayerMessage): void {
    if (this.#news?.message === message) {
      // The letter is still here: it leaves at the end of this turn.
      this.#news.members.push(member);
      return;
    }
    const members = [member];
    this.#news = { message, members };
    const { keys, channels, joined, updated, left } = message as unknown as News;
    const count = { kind: "presence", group, members, keys, channels } as const;
    if (joined === undefined) return this.#options.deliver(count, 0);
    const size = letterCost * (joined.length + updated.length + left.length);
    this.#options.deliver({ ...count, changes: { joined, updated, left } }, size);
  }
}

/** One of those who are shown somewhere, or listen. */
class Guest {
  readonly #tell: (group: string, message: LayerMessage) => void;
  /** The groups where it listens. */
  readonly listens = new Set<string>();

  constructor(tell: (group: string, message: LayerMessage) => void) {
    this.#tell = tell;
  }

  deliver(message: LayerMessage, { group = "" }: Delivery): void {
    this.#tell(group, message);
  }
}

/** What is told of presence. */
interface News extends PresenceCount, NonNullable<PresenceLetter["changes"]> {}
