import type { Member } from "../addresses.ts";
import type { Delivery, LayerMessage, PresenceCount, Present } from "../channel-layer.ts";
import type { Codec } from "../codec.ts";
import type { LocalChannel } from "../local-channel.ts";
import type { LocalGroups } from "../local-groups.ts";
import type { PresenceEvents } from "../local-presence.ts";
import { readInfo, type WrittenPresence } from "../written-presence.ts";
import type { Hello, PresenceLetter, WrittenPresent } from "./letters.ts";

/** What a member said of itself when it joined. */
export interface Said {
  readonly shown?: WrittenPresence;
  readonly events?: PresenceEvents;
}

/**
 * Presence as one worker needs it: what its members said, to say it again to an office that has lost
 * sight of it; who of them listens; and for those who hear of changes, who is there as they know it.
 */
export class WorkerPresence {
  readonly #groups: LocalGroups;
  readonly #codec: Codec;
  readonly #rooms = new Map<string, Room>();

  constructor(groups: LocalGroups, codec: Codec) {
    this.#groups = groups;
    this.#codec = codec;
  }

  /** Whether it is known here who is in a group. */
  mirrors(group: string): boolean {
    return this.#rooms.get(group)?.mirror !== undefined;
  }

  /** A member joined, and said this; what it did not say stays as it was. */
  join(
    group: string,
    member: Member,
    channel: LocalChannel,
    said: Said,
    present: readonly WrittenPresent[] | undefined,
  ): void {
    if (said.shown === undefined && said.events === undefined) return;
    let room = this.#rooms.get(group);
    if (room === undefined) {
      room = { guests: new Map(), mirror: undefined };
      this.#rooms.set(group, room);
    }
    room.guests.set(member, { channel, said: { ...room.guests.get(member)?.said, ...said } });
    if (present !== undefined) room.mirror ??= mirrorOf(present);
  }

  /** A member left. */
  leave(group: string, member: Member): void {
    const room = this.#rooms.get(group);
    if (room === undefined || !room.guests.delete(member)) return;
    if (room.guests.size === 0) this.#rooms.delete(group);
    else if (![...room.guests.values()].some(hearsChanges)) room.mirror = undefined;
  }

  /** What all of them said. */
  list(): Hello["shown"] {
    return [...this.#rooms].flatMap(([group, { guests }]) =>
      [...guests].map(([member, { said }]) => [group, member, said] as const),
    );
  }

  /** Forgets everybody. */
  clear(): void {
    this.#rooms.clear();
  }

  /** Reads what the office says of somebody. */
  read({ key, channels, infos }: WrittenPresent): Present {
    return { key, channels, infos: infos.map((info) => readInfo(info, this.#codec)) };
  }

  /** Tells members what has changed. */
  tell({ group, members, changes, keys, channels }: PresenceLetter): void {
    const room = this.#rooms.get(group);
    if (room === undefined) return;
    if (changes === undefined) {
      return this.#deliver(group, members, { type: "presence.count", keys, channels });
    }
    const { joined, updated, left } = changes;
    for (const each of [...joined, ...updated]) room.mirror?.set(each.key, each);
    for (const { key } of left) room.mirror?.delete(key);
    this.#deliver(group, members, this.#changed({ joined, updated, left }, { keys, channels }));
  }

  /** Finds out what has changed, and tells it, when nobody said so at the time. */
  sync(group: string, present: readonly WrittenPresent[], count: PresenceCount): void {
    const room = this.#rooms.get(group);
    if (room === undefined) return;
    const former = room.mirror;
    const now = mirrorOf(present);
    const hear = (events: PresenceEvents): Member[] =>
      [...room.guests].flatMap(([member, { said }]) => (said.events === events ? member : []));
    this.#deliver(group, hear("count"), { type: "presence.count", ...count });
    if (former === undefined) return;
    room.mirror = now;
    const joined = present.filter(({ key }) => !former.has(key));
    const left = [...former.values()].filter(({ key }) => !now.has(key));
    const updated = present.filter((each) => {
      const before = former.get(each.key);
      return before !== undefined && JSON.stringify(before) !== JSON.stringify(each);
    });
    if (joined.length + left.length + updated.length === 0) return;
    this.#deliver(group, hear("changes"), this.#changed({ joined, updated, left }, count));
  }

  #changed(
    { joined, updated, left }: NonNullable<PresenceLetter["changes"]>,
    { keys, channels }: PresenceCount,
  ): LayerMessage {
    return {
      type: "presence.changed",
      joined: joined.map((each) => this.read(each)),
      updated: updated.map((each) => this.read(each)),
      left: left.map((each) => this.read(each)),
      keys,
      channels,
    };
  }

  #deliver(group: string, members: readonly Member[], message: LayerMessage): void {
    if (members.length === 0) return;
    const written = this.#codec.decode(this.#codec.encode(message));
    const delivery: Delivery = Object.freeze({ group });
    for (const member of members) {
      const postman = {
        // It may leave while this waits for its turn.
        deliver: () =>
          this.#rooms.get(group)?.guests.get(member)?.channel.deliver(written, delivery),
      };
      this.#groups.deliverTo(postman, written, delivery);
    }
  }
}

interface Room {
  /** Those who are shown, or listen. */
  readonly guests: Map<Member, Guest>;
  /** Who is there, as those who hear of changes know it; absent if nobody here does. */
  mirror: Map<string, WrittenPresent> | undefined;
}

interface Guest {
  readonly channel: LocalChannel;
  readonly said: Said;
}

function hearsChanges({ said }: Guest): boolean {
  return said.events === "changes";
}

function mirrorOf(present: readonly WrittenPresent[]): Map<string, WrittenPresent> {
  return new Map(present.map((each) => [each.key, each]));
}
