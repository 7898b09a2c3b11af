import type { Clock } from "../../internal/clock.ts";
import type { LayerMessage } from "../channel-layer.ts";
import type { Codec } from "../codec.ts";
import type { LocalChannel } from "../local-channel.ts";
import type { LocalGroups, Recipient } from "../local-groups.ts";
import { LocalPresence, type PresenceEvents } from "../local-presence.ts";
import { readWritten, type WrittenPresence } from "../written-presence.ts";
import type { Process } from "./letters.ts";
import type { MirrorListener, Mirrors } from "./mirrors.ts";
import type { Residents } from "./residents.ts";

/** What {@link PresenceNews} need to know. */
export interface PresenceNewsOptions {
  readonly groups: LocalGroups;
  readonly residents: Residents;
  readonly mirrors: Mirrors;
  readonly codec: Codec;
  readonly clock: Clock;
  /** How long changes are gathered, in milliseconds. */
  readonly interval: number;
  /** Something came that cannot be read. */
  readonly malformed: () => void;
}

/**
 * Tells members of this process who comes and goes, in any process. Who is in a group is known here as
 * long as somebody listens, and no longer.
 */
export class PresenceNews {
  readonly #options: PresenceNewsOptions;
  readonly #presence: LocalPresence;
  readonly #rooms = new Map<string, Room>();

  constructor(options: PresenceNewsOptions) {
    this.#options = options;
    const { groups, codec, clock, interval } = options;
    const write = (message: LayerMessage): LayerMessage => codec.decode(codec.encode(message));
    this.#presence = new LocalPresence({ groups, write, clock, interval });
  }

  /** Somebody is about to listen: resolves when it is known who is there. See {@link release}. */
  async prepare(group: string): Promise<void> {
    let room = this.#rooms.get(group);
    if (room === undefined) {
      const { residents, mirrors } = this.#options;
      room = new Room(group, this.#presence, this.#options);
      this.#rooms.set(group, room);
      for (const [channel, written] of residents.shown(group)) room.show(channel, written);
      mirrors.open(topicOf(group), room);
    }
    room.preparing += 1;
    try {
      await this.#options.mirrors.whole(topicOf(group));
    } catch (error) {
      this.release(group);
      throw error;
    }
  }

  /** Somebody who was about to listen does, or never will. */
  release(group: string): void {
    const room = this.#rooms.get(group);
    if (room === undefined) return;
    room.preparing -= 1;
    this.#look(group, room);
  }

  /** A member is shown, and listens; what is undefined stays as it was. */
  join(
    group: string,
    channel: LocalChannel,
    written: WrittenPresence | undefined,
    events: PresenceEvents | undefined,
  ): void {
    const room = this.#rooms.get(group);
    if (room === undefined) return;
    if (events !== undefined) {
      room.listeners.add(channel);
      this.#presence.join(group, channel, undefined, events);
    }
    if (written !== undefined) room.show(channel, written);
  }

  /** A member left. */
  leave(group: string, channel: LocalChannel): void {
    const room = this.#rooms.get(group);
    if (room === undefined) return;
    this.#presence.leave(group, channel);
    room.shown.delete(channel);
    if (room.listeners.delete(channel)) this.#look(group, room);
  }

  /** Forgets everybody. */
  clear(): void {
    this.#presence.clear();
    this.#rooms.clear();
  }

  #look(group: string, room: Room): void {
    if (room.preparing > 0 || room.listeners.size > 0) return;
    this.#rooms.delete(group);
    this.#options.mirrors.close(topicOf(group));
    room.clear();
  }
}

/** What processes call who is shown in a group. */
export function topicOf(group: string): `p${string}` {
  return `p${group}`;
}

/** One group in which somebody here listens. */
class Room implements MirrorListener {
  readonly #group: string;
  readonly #presence: LocalPresence;
  readonly #options: Pick<PresenceNewsOptions, "codec" | "malformed">;
  readonly listeners = new Set<LocalChannel>();
  /** Everybody who is shown. */
  readonly shown = new Set<Recipient>();
  readonly #remotes = new Map<string, Recipient>();
  /** How many are about to listen. */
  preparing = 0;

  constructor(
    group: string,
    presence: LocalPresence,
    options: Pick<PresenceNewsOptions, "codec" | "malformed">,
  ) {
    this.#group = group;
    this.#presence = presence;
    this.#options = options;
  }

  show(member: Recipient, written: WrittenPresence): void {
    try {
      const shown = readWritten(written, this.#options.codec);
      this.#presence.join(this.#group, member, shown, undefined);
      this.shown.add(member);
    } catch {
      this.#options.malformed();
    }
  }

  set(process: Process, key: string, value: unknown): void {
    const { key: who } = value as Partial<WrittenPresence>;
    if (typeof who !== "string") return this.#options.malformed();
    const name = `${process} ${key}`;
    let member = this.#remotes.get(name);
    if (member === undefined) {
      member = { deliver: () => {} };
      this.#remotes.set(name, member);
    }
    this.show(member, value as WrittenPresence);
  }

  delete(process: Process, key: string): void {
    const name = `${process} ${key}`;
    const member = this.#remotes.get(name);
    if (member === undefined) return;
    this.#remotes.delete(name);
    this.shown.delete(member);
    this.#presence.leave(this.#group, member);
  }

  clear(): void {
    for (const member of this.shown) this.#presence.leave(this.#group, member);
  }
}
