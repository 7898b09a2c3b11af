import type { Delivery, Gap, LayerMessage } from "./channel-layer.ts";
import type { HistoryItem } from "./slice.ts";

/** What can be on the list of a group in this process: a layer's channel. */
export interface LocalMember {
  /**
   * Whether its name is `name`. A question, not a property: a channel that never told its name to
   * anybody has none yet, and `except` must not make one for each member.
   */
  answersTo(name: string): boolean;
  /** Takes one message; after it was closed it does nothing. */
  deliver(message: LayerMessage, delivery: Delivery): void;
  /** Takes one message of a group with a history; false if it has no room. */
  offer(message: LayerMessage, delivery: Delivery): boolean;
  /** Learns of a loss in a group with a history. */
  gap(gap: Gap): void;
}

/** Who stands at the door of a group with a history, and knows which members are behind. */
export interface Gate {
  /** The members are served with this item from now on. */
  begin(item: HistoryItem): void;
  /** Gives it to one of them. */
  serve(member: LocalMember, item: HistoryItem): void;
}

/**
 * This process's members of each group, and the order in which they are served. Every layer has
 * one: what comes from a backend once per process goes from here to each member.
 *
 * - Joining and leaving cost the same however many members and groups there are. A group without
 *   members takes no memory.
 * - One delivery runs at a time. What a member sends while it is served comes after the present
 *   message: all members see one order, and two members that answer each other grow no stack.
 * - Who left gets nothing more, not even the message that is being delivered; who joined gets the
 *   next one.
 * - A member that throws harms nobody else: the error goes to `onError`.
 */
export class LocalGroups {
  readonly #groups = new Map<string, Group>();
  /** Nearly every member is in one group, and needs no set for it. */
  readonly #memberships = new Map<LocalMember, Group | Set<Group>>();
  readonly #onError: (error: unknown) => void;

  #delivering = false;
  /** What was sent during a delivery: the part that is being served, and what came since. */
  #batch: Parcel[] = [];
  #parcels: Parcel[] = [];
  /** The group that is being served, and who left it meanwhile. */
  #served: Group | undefined;
  #departed: Set<LocalMember> | undefined;

  /**
   * `onError` gets what members throw, which they must not.
   * @defaultValue an uncaught exception in a microtask of its own: silence would hide a bug
   */
  constructor(onError: (error: unknown) => void = rethrow) {
    this.#onError = onError;
  }

  /** How many groups have a member. */
  get groups(): number {
    return this.#groups.size;
  }

  /** The groups that have a member. */
  names(): Iterable<string> {
    return this.#groups.keys();
  }

  /** Whether a member is on a group's list. */
  has(group: string, member: LocalMember): boolean {
    return this.#groups.get(group)?.members.has(member) ?? false;
  }

  /** The members of a group, in the order in which they joined. */
  members(group: string): Iterable<LocalMember> {
    return this.#groups.get(group)?.members ?? [];
  }

  /** The groups that a member is in. */
  of(member: LocalMember): string[] {
    const joined = this.#memberships.get(member);
    if (joined === undefined) return [];
    return joined instanceof Set ? [...joined].map(({ name }) => name) : [joined.name];
  }

  /** Whether a message of a group is being delivered. */
  isServing(group: string): boolean {
    return this.#served?.name === group;
  }

  /** How many members a group has. */
  size(group: string): number {
    return this.#groups.get(group)?.members.size ?? 0;
  }

  /**
   * Puts a member on a group's list; twice is once. Returns true if it is the group's first member,
   * which is when a networked layer subscribes.
   */
  join(group: string, member: LocalMember): boolean {
    let entry = this.#groups.get(group);
    const first = entry === undefined;
    if (entry === undefined) {
      entry = { name: group, members: new Set(), snapshot: undefined };
      this.#groups.set(group, entry);
    }
    if (entry.members.has(member)) return false;
    entry.members.add(member);
    entry.snapshot = undefined;

    const joined = this.#memberships.get(member);
    if (joined === undefined) this.#memberships.set(member, entry);
    else if (joined instanceof Set) joined.add(entry);
    else this.#memberships.set(member, new Set([joined, entry]));
    return first;
  }

  /**
   * Takes a member off a group's list, if it is on it. Returns true if it was the last one, which is
   * when a networked layer unsubscribes.
   */
  leave(group: string, member: LocalMember): boolean {
    const entry = this.#groups.get(group);
    if (entry === undefined || !entry.members.has(member)) return false;
    const joined = this.#memberships.get(member);
    if (joined instanceof Set) joined.delete(entry);
    if (!(joined instanceof Set) || joined.size === 0) this.#memberships.delete(member);
    return this.#remove(entry, member);
  }

  /** Takes a member off every list. Returns the names of the groups that it was the last one of. */
  leaveAll(member: LocalMember): string[] {
    const emptied: string[] = [];
    const joined = this.#memberships.get(member);
    if (joined === undefined) return emptied;
    this.#memberships.delete(member);
    for (const entry of joined instanceof Set ? joined : [joined]) {
      if (this.#remove(entry, member)) emptied.push(entry.name);
    }
    return emptied;
  }

  /** Takes everybody off every list and forgets what was still to be delivered. */
  clear(): void {
    for (const member of [...this.#memberships.keys()]) this.leaveAll(member);
    this.#batch.length = 0;
    this.#parcels.length = 0;
  }

  /**
   * Gives a message to each member of a group except those that answer to `except`: before it
   * returns, or after the present delivery if it is called during one.
   */
  deliver(group: string, message: LayerMessage, delivery: Delivery, except?: string): void {
    if (this.#delivering) {
      this.#parcels.push({ to: group, message, delivery, except });
      return;
    }
    this.#delivering = true;
    this.#serveGroup(group, message, delivery, except);
    this.#serveParcels();
  }

  /** Gives an item of a group's history to each member, through its gate; otherwise as {@link deliver}. */
  deliverItem(group: string, item: HistoryItem, gate: Gate): void {
    if (this.#delivering) {
      this.#parcels.push({ to: group, item, gate });
      return;
    }
    this.#delivering = true;
    this.#serveItem(group, item, gate);
    this.#serveParcels();
  }

  /** Gives a message to one member, in one order with those of its groups. */
  deliverTo(member: Recipient, message: LayerMessage, delivery: Delivery): void {
    if (this.#delivering) {
      this.#parcels.push({ to: member, message, delivery, except: undefined });
      return;
    }
    this.#delivering = true;
    this.#serve(member, message, delivery);
    this.#serveParcels();
  }

  /** Tells a member of a loss, at once. */
  tell(member: LocalMember, gap: Gap): void {
    try {
      member.gap(gap);
    } catch (error) {
      this.#report(error);
    }
  }

  #serveGroup(
    group: string,
    message: LayerMessage,
    delivery: Delivery,
    except: string | undefined,
  ): void {
    const entry = this.#groups.get(group);
    if (entry === undefined) return;
    entry.snapshot ??= [...entry.members];
    this.#served = entry;
    for (const member of entry.snapshot) {
      if (this.#departed?.has(member)) continue;
      if (except !== undefined && member.answersTo(except)) continue;
      this.#serve(member, message, delivery);
    }
    this.#served = undefined;
    this.#departed = undefined;
  }

  #serveItem(group: string, item: HistoryItem, gate: Gate): void {
    gate.begin(item);
    const entry = this.#groups.get(group);
    if (entry === undefined) return;
    entry.snapshot ??= [...entry.members];
    this.#served = entry;
    const { except } = item;
    for (const member of entry.snapshot) {
      if (this.#departed?.has(member)) continue;
      if (except !== undefined && member.answersTo(except)) continue;
      try {
        gate.serve(member, item);
      } catch (error) {
        this.#report(error);
      }
    }
    this.#served = undefined;
    this.#departed = undefined;
  }

  #serve(member: Recipient, message: LayerMessage, delivery: Delivery): void {
    try {
      member.deliver(message, delivery);
    } catch (error) {
      this.#report(error);
    }
  }

  /** Serves what members sent meanwhile, in rounds, so that a long exchange does not pile up. */
  #serveParcels(): void {
    while (this.#parcels.length > 0) {
      this.#batch = this.#parcels;
      this.#parcels = [];
      for (const parcel of this.#batch) {
        if ("item" in parcel) this.#serveItem(parcel.to, parcel.item, parcel.gate);
        else if (typeof parcel.to !== "string") {
          this.#serve(parcel.to, parcel.message, parcel.delivery);
        } else {
          this.#serveGroup(parcel.to, parcel.message, parcel.delivery, parcel.except);
        }
      }
    }
    this.#batch = [];
    this.#delivering = false;
  }

  /** Returns true if the group is empty now. */
  #remove(group: Group, member: LocalMember): boolean {
    group.members.delete(member);
    group.snapshot = undefined;
    if (group === this.#served) {
      this.#departed ??= new Set();
      this.#departed.add(member);
    }
    if (group.members.size > 0) return false;
    this.#groups.delete(group.name);
    return true;
  }

  #report(error: unknown): void {
    try {
      this.#onError(error);
    } catch {
      // A reporter that throws has nobody left to report to, and the next member waits.
    }
  }
}

interface Group {
  readonly name: string;
  readonly members: Set<LocalMember>;
  /** The members as an array, made by the first delivery after a change. */
  snapshot: readonly LocalMember[] | undefined;
}

/** Who gets a message that is for nobody else. */
export type Recipient = Pick<LocalMember, "deliver">;

/** A message that waits until the present delivery is over. */
type Parcel =
  | {
      readonly to: string | Recipient;
      readonly message: LayerMessage;
      readonly delivery: Delivery;
      readonly except: string | undefined;
    }
  | { readonly to: string; readonly item: HistoryItem; readonly gate: Gate };

/** Lets the error surface as that of any callback does, but after everybody was served. */
export function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
