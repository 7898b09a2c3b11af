import { ChannelLayerError, UsageError } from "../errors.ts";
import type { Clock } from "../internal/clock.ts";
import { OptionCheck } from "../internal/option-check.ts";
import { checkOptionNames } from "../internal/option-names.ts";
import type {
  Delivery,
  LayerMessage,
  Presence,
  PresenceCount,
  PresencePage,
} from "./channel-layer.ts";
import type { Codec } from "./codec.ts";
import type { LocalGroups, Recipient } from "./local-groups.ts";
import { checkName } from "./name.ts";
import type { AskedPage } from "./page.ts";
import { PresenceBoard, type Shown } from "./presence-board.ts";

/** What a member wants to hear of who is in its group. */
export type PresenceEvents = "changes" | "count";

/** What the presence of a process needs to know. */
export interface LocalPresenceOptions {
  /** Whose order of delivery is kept to. */
  readonly groups: Pick<LocalGroups, "deliverTo">;
  /** Writes a message down and reads it back, as everything that goes through a layer. */
  readonly write: (message: LayerMessage) => LayerMessage;
  readonly clock: Clock;
  /** How long changes are gathered before they are told, in milliseconds. */
  readonly interval: number;
}

/** The largest `info` of a member, as it is encoded: a name and a picture's address, not the picture. */
export const maxInfoSize = 1_024;

/**
 * Reads how a member is to be shown, encoded and read back as everything that goes through a layer.
 * @throws UsageError `ERR_INVALID_OPTION` for what is no object or has another name in it.
 * @throws ChannelLayerError `ERR_LAYER_NAME` for the key, `ERR_LAYER_MESSAGE` for the info.
 */
export function readPresence(presence: Presence, codec: Codec): Shown {
  if (typeof presence !== "object" || presence === null) {
    const key = JSON.stringify(typeof presence === "string" ? presence : "ann");
    new OptionCheck("join").wrong("presence", presence, `an object, { key: ${key} } for example`);
  }
  checkOptionNames("presence", presence, ["key", "info"]);
  const { key, info } = presence;
  checkName("presence key", key);
  if (info === undefined) return { key, info, text: "" };
  const encoded = codec.encode({ type: "presence.info", info });
  const size = Buffer.byteLength(encoded);
  if (size > maxInfoSize) {
    throw new ChannelLayerError(
      "ERR_LAYER_MESSAGE",
      `the info of the presence key ${JSON.stringify(key)} has ${size} bytes, which exceeds the limit of ${maxInfoSize}`,
    );
  }
  const text = typeof encoded === "string" ? encoded : Buffer.from(encoded).toString("latin1");
  return { key, info: codec.decode(encoded).info, text };
}

/**
 * Checks what a member wants to hear.
 * @throws UsageError `ERR_INVALID_OPTION`.
 */
export function checkPresenceEvents(events: unknown): asserts events is PresenceEvents | undefined {
  if (events === undefined || events === "changes" || events === "count") return;
  throw new UsageError(
    "ERR_INVALID_OPTION",
    `presenceEvents is ${JSON.stringify(events)}; it must be "changes" or "count"`,
  );
}

/**
 * Who is in the groups of a process, and who there wants to hear of it. Changes are gathered and told
 * once in an interval, by one timer that is set only while there is something to tell.
 */
export class LocalPresence {
  readonly #options: LocalPresenceOptions;
  readonly #boards = new Map<string, PresenceBoard>();
  readonly #listeners = new Map<string, Map<Recipient, PresenceEvents>>();
  /** The groups in which a member is shown or listens. */
  readonly #places = new Map<Recipient, Set<string>>();
  readonly #dirty = new Set<string>();
  #cancel: (() => void) | undefined;

  constructor(options: LocalPresenceOptions) {
    this.#options = options;
  }

  /** Shows a member of a group, and lets it listen; what is undefined stays as it was. */
  join(
    group: string,
    member: Recipient,
    shown: Shown | undefined,
    events: PresenceEvents | undefined,
  ): void {
    if (shown === undefined && events === undefined) return;
    const places = this.#places.get(member);
    if (places === undefined) this.#places.set(member, new Set([group]));
    else places.add(group);
    if (events !== undefined) {
      const listeners = this.#listeners.get(group);
      if (listeners === undefined) this.#listeners.set(group, new Map([[member, events]]));
      else listeners.set(member, events);
    }
    if (shown === undefined) return;
    let board = this.#boards.get(group);
    if (board === undefined) {
      board = new PresenceBoard();
      this.#boards.set(group, board);
    }
    board.set(member, shown);
    this.#changed(group, board);
  }

  /** A member left a group. */
  leave(group: string, member: Recipient): void {
    const places = this.#places.get(member);
    if (places === undefined || !places.delete(group)) return;
    if (places.size === 0) this.#places.delete(member);
    const listeners = this.#listeners.get(group);
    listeners?.delete(member);
    if (listeners?.size === 0) this.#listeners.delete(group);
    const board = this.#boards.get(group);
    if (board === undefined) return;
    board.delete(member);
    this.#changed(group, board);
  }

  /** A member left all its groups. */
  leaveAll(member: Recipient): void {
    for (const group of [...(this.#places.get(member) ?? [])]) this.leave(group, member);
  }

  /** Some of those who are in a group. */
  page(group: string, options?: Partial<AskedPage>): PresencePage {
    return (this.#boards.get(group) ?? emptyBoard).page(options);
  }

  /** How many are in a group. */
  count(group: string): PresenceCount {
    return (this.#boards.get(group) ?? emptyBoard).count;
  }

  /** Forgets everybody. */
  clear(): void {
    this.#boards.clear();
    this.#listeners.clear();
    this.#places.clear();
    this.#dirty.clear();
    this.#cancel?.();
  }

  #changed(group: string, board: PresenceBoard): void {
    if (!this.#listeners.has(group)) {
      // Nobody is told: what has changed need not be known, and an empty board need not be kept.
      board.takeChanges();
      if (board.count.channels === 0) this.#boards.delete(group);
      return;
    }
    if (!board.isDirty) return;
    this.#dirty.add(group);
    const { clock, interval } = this.#options;
    this.#cancel ??= clock.after(interval, () => this.#tell());
  }

  #tell(): void {
    this.#cancel = undefined;
    const groups = [...this.#dirty];
    this.#dirty.clear();
    for (const group of groups) {
      const board = this.#boards.get(group);
      if (board === undefined) continue;
      const changes = board.takeChanges();
      const listeners = this.#listeners.get(group);
      const { count } = board;
      if (count.channels === 0) this.#boards.delete(group);
      if (changes === undefined || listeners === undefined) continue;
      this.#tellGroup(group, listeners, { ...changes, ...count });
    }
  }

  #tellGroup(
    group: string,
    listeners: ReadonlyMap<Recipient, PresenceEvents>,
    { keys, channels, ...changes }: Record<string, unknown>,
  ): void {
    const { groups, write } = this.#options;
    const delivery: Delivery = Object.freeze({ group });
    let changed: LayerMessage | undefined;
    let counted: LayerMessage | undefined;
    for (const [member, events] of [...listeners]) {
      if (events === "count") {
        counted ??= write({ type: "presence.count", keys, channels });
        groups.deliverTo(member, counted, delivery);
      } else {
        changed ??= write({ type: "presence.changed", ...changes, keys, channels });
        groups.deliverTo(member, changed, delivery);
      }
    }
  }
}

const emptyBoard = new PresenceBoard();
