/**
 * The contract between applications and the post office that carries messages between them.
 *
 * A **channel** is a mailbox with an address; a **group** is a mailing list of channels. Whoever
 * holds the layer can send: a consumer, an HTTP route, a worker.
 */

/**
 * A message between handlers: a JSON value, plus `Uint8Array`, whose `type` contains a dot. The
 * prefix `sluice.` is reserved. Receivers get one deep-frozen object, shared by all of a process.
 */
export type LayerMessage = {
  readonly type: `${string}.${string}`;
  readonly [key: string]: unknown;
};

/** How a message came: empty for one sent to a channel directly and without an id. */
export interface Delivery {
  /** The group that it was sent to; absent when it was sent to the channel itself. */
  readonly group?: string;
  /**
   * Its place in the group's history, where the group has one. Opaque. A member that saw this message
   * and gives this position as `since` gets what comes after it; whether positions follow each other
   * is for the layer to know.
   */
  readonly position?: string;
  /** The id that its sender gave it. */
  readonly id?: string;
}

/** A loss that the layer noticed: messages of `group` between `lastSeen` and `top` will not come. */
export interface Gap {
  readonly group: string;
  /** The last position that this member received. */
  readonly lastSeen: string;
  /** The oldest position that is still held, if any is. */
  readonly oldest?: string;
  /** Where the member is now: what comes next comes after it. */
  readonly top?: string;
}

/** The reading end of a channel. */
export interface Member<M extends LayerMessage = LayerMessage> {
  /** Takes one message. Must not throw and must not block; how much it holds is its own affair. */
  deliver(message: M, delivery: Delivery): void;
  /**
   * Takes one message of a group with a history, in place of {@link deliver}, or returns false: no
   * room. Then it is stopped in that group and costs nobody anything, until {@link Channel.resume}
   * catches it up from there. A member without this method takes whatever comes.
   */
  offer?(message: M, delivery: Delivery): boolean;
  /** Learns of a loss while connected. */
  gap?(gap: Gap): void;
}

/** One reader's address. */
export interface Channel {
  /** The address: give it to {@link ChannelLayer.send}, or to `except`. */
  readonly name: string;
  /**
   * Goes on in every group where the member refused an offer: with the message that it refused, then
   * those after it, then live ones; or with `gap`, if the history does not reach back that far.
   */
  resume(): void;
  /** Leaves all groups and stops delivery, at once; resolves when the backend knows it too. */
  close(): Promise<void>;
}

/** Options of {@link ChannelLayer.channel}. */
export interface ChannelOptions {
  /**
   * A fixed name. Several readers of one name compete: each message goes to exactly one of them,
   * and what arrives while nobody reads waits, up to the layer's capacity and expiry.
   */
  readonly name?: string;
}

/** Options of {@link ChannelLayer.join}. */
export interface JoinOptions {
  /**
   * The last position that this member has seen: asks for everything after it. Whatever a client
   * sent may be given; what is no position of this group's history is not recovered, and that is all.
   * A member that joins again with it goes back to there.
   */
  readonly since?: string;
  /** Shows this member to those who ask who is in the group. Joining again shows it in another way. */
  readonly presence?: Presence;
  /**
   * Lets this member hear who comes and goes, gathered for a moment, by layer messages: `"changes"` by
   * {@link PresenceChanged}, `"count"` only how many there are, by {@link PresenceCounted}, which is
   * for groups where everybody hearing of everybody would be too much. @defaultValue neither
   */
  readonly presenceEvents?: "changes" | "count";
}

/** How a member is shown. */
export interface Presence {
  /** Who it is: several members of one key are one. 1 to 200 bytes, as all names. */
  readonly key: string;
  /** What others see beside the key: a JSON value of at most 1 024 bytes when encoded. */
  readonly info?: unknown;
}

/** One who is in a group, by however many connections. */
export interface Present {
  readonly key: string;
  /** How many members have this key. */
  readonly channels: number;
  /** What they said of themselves, the latest last; of many only the last 16. */
  readonly infos: readonly unknown[];
}

/** Some of those who are in a group. */
export interface PresencePage {
  readonly present: readonly Present[];
  /** Asks for the page after this one. Absent on the last page. */
  readonly next?: string;
}

/** How many are in a group; members without a `presence` do not count. */
export interface PresenceCount {
  /** How many keys. */
  readonly keys: number;
  /** How many members. */
  readonly channels: number;
}

/**
 * Says who came and went since the last one, in a group. It is about keys: a second connection of one
 * who is there is an update, and one who goes and is back at once has not changed. Who has asked for
 * a list before may find in it what the list had already: each entry stands for itself.
 */
export type PresenceChanged = PresenceCount & {
  readonly type: "presence.changed";
  readonly joined: readonly Present[];
  readonly updated: readonly Present[];
  /** As they were last. */
  readonly left: readonly Present[];
};

/** Says how many are in a group, when something has changed. */
export type PresenceCounted = PresenceCount & { readonly type: "presence.count" };

/** What {@link ChannelLayer.join} resolves with. */
export interface Joined {
  /**
   * The group's newest position at the moment of joining, where it has a history. What is after it
   * comes live; with `recovered`, what is between `since` and it comes first.
   */
  readonly position?: string;
  /**
   * Present when `since` was given. True: everything after it has been or will be delivered, once
   * and in order. False: nothing that was sent before is delivered.
   */
  readonly recovered?: boolean;
}

/** Options of {@link ChannelLayer.groupSend}. */
export interface GroupSendOptions {
  /**
   * An id that makes a repeated send harmless, where the group has a history: within the layer's
   * window nothing is sent again, and the position is that of the first time. 1 to 200 bytes.
   */
  readonly id?: string;
  /** The name of one channel that does not get the message, usually the sender's own. */
  readonly except?: string;
}

/** Options of what is answered page by page. */
export interface PageOptions {
  /** The `next` of the page before. @defaultValue the first page */
  readonly after?: string;
  /** How many are wanted at most, from 1 to 1 000. @defaultValue 100 */
  readonly limit?: number;
}

/** Some members of a group. */
export interface MemberPage {
  /** Their names, each once: several readers of a fixed name are one. */
  readonly channels: readonly string[];
  /** Asks for the page after this one. Absent on the last page. */
  readonly next?: string;
}

/** Hears which groups have members. Must not throw and must not block. */
export interface GroupWatcher {
  /** The group has a member now, and had none before. */
  occupied?(group: string): void;
  /** The group has no member any more. */
  vacated?(group: string): void;
}

/** A watcher at work. */
export interface Watch {
  /** Stops it, at once; resolves when the backend knows it too. */
  close(): Promise<void>;
}

/**
 * A post office for messages between handlers.
 *
 * What every layer promises; `layerChecks` of `sluice/testing` tries each promise on a layer, and
 * docs/reference/layers.md has them one by one:
 *
 * - **Order.** What one sender sends to one channel, or to one group, MUST arrive in that order.
 *   All members of a group in one process MUST see one order, whoever the senders are, and with a
 *   history all members everywhere. A message that is sent from inside a delivery comes after the one
 *   that is being delivered.
 * - **At most once** without a history: a message MUST reach a member once or not at all.
 * - **At least once** with one, within its window: every message after a member's position MUST reach
 *   it, once and in order, or `gap` MUST say which will not; none may be lost in silence. Duplicates
 *   come only from a `since` that lies behind what the member has seen.
 * - **Joining.** When `join` has resolved, every message that is sent to the group from then on,
 *   anywhere, MUST be delivered; with a history it MUST resolve with the position. Who joins during a
 *   delivery MUST NOT get that message. Joining a group twice is joining it once.
 * - **Recovery.** `join` with `since` MUST deliver exactly the messages after that position, then live
 *   ones, with no gap and no duplicate between them, and resolve with `recovered: true`; or, if it
 *   cannot prove that nothing is missing, deliver nothing old, never a part, and say `false`. Nothing
 *   that is given as `since` may make it reject. The first message may come before `join` resolves.
 * - **Positions.** A position MUST name one message for ever: a history that was lost, in whole or in
 *   part, MUST go on under positions that were never given before.
 * - **Repeated sends.** A second `groupSend` with an `id`, within the window of a group with a history,
 *   MUST NOT be delivered and MUST resolve with the first one's position.
 * - **Slow members.** A member that refuses an offer MUST be left in peace until `resume`, cost the
 *   others nothing, and then be caught up as by `since`.
 * - **Leaving.** After `leave` or `Channel.close` was called nothing more of the group, or nothing
 *   more at all, MUST be delivered to that channel: not even a message whose delivery is under way.
 * - **Groups list readers.** Each reader that joined gets its own copy, also where several readers
 *   share a fixed name. `except` leaves out every reader that has that name, now and in a recovery,
 *   and opens no gap: its position moves on. A new connection has a new name, so it gets such a
 *   message from the history, unless it starts from the position that `groupSend` resolved with.
 * - **Membership.** When `join`, `leave` or `close` has resolved, `groupCount`, `groupMembers` and
 *   `isMember` MUST know it, in whatever process; a channel that is a member while all pages are asked
 *   for MUST be listed exactly once. Watchers MUST first hear of all groups that are occupied, then
 *   of each change, in turns. What a dead process leaves behind MUST be gone within the layer's lease.
 * - **Presence.** A member's presence lasts as long as its membership. What has changed MUST be told to
 *   those who asked for it, once, within the layer's interval, and the last word MUST be the truth;
 *   `presence` MUST know what a join or leave has resolved with, in whatever process.
 * - **Fixed names.** A message to a fixed name MUST go to exactly one of its readers. While there is
 *   none it MUST wait, in order, up to the layer's expiry; one more than the layer's capacity MUST be
 *   refused with `ERR_CHANNEL_FULL`, whose `temporary` is true.
 * - **Nobody there.** A message to a group without members, or to a channel that was closed and had
 *   no fixed name, is lost, and that is not an error; with a history it is there for who joins later.
 * - **Names.** Any well-formed Unicode string of 1 to 200 UTF-8 bytes MUST work and MUST reach
 *   nobody else's name, whatever it means to the backend. Other names are `ERR_LAYER_NAME`; so is a
 *   fixed name that begins with `sluice.`, as the names do that layers make.
 * - **Messages.** What is sent MUST arrive equal, or be refused with `ERR_EVENT_TYPE` or
 *   `ERR_LAYER_MESSAGE`, also when nobody listens. It is written down before the call returns: the
 *   sender may change its object afterwards. It is encoded once per send, and all members of a
 *   process MUST get one deep-frozen object.
 * - **A backend that is away.** What needs it MUST reject with `ERR_LAYER_UNREACHABLE`, whose
 *   `temporary` is true, in bounded time; nothing is kept for later without the sender knowing. Leaving
 *   and closing MUST succeed at once all the same. When it is back, members are still members, and
 *   groups with a history MUST be brought up or told a `gap`.
 * - **Errors.** Every method that returns a promise MUST reject rather than throw; `channel` throws.
 *   After `close` the code is `ERR_LAYER_CLOSED`, for all but the second `close` and the `close` of
 *   a channel.
 */
export interface ChannelLayer<M extends LayerMessage = LayerMessage> {
  /**
   * Opens a channel that `member` reads, until it is closed. Nothing is delivered before it returns.
   * @throws ChannelLayerError `ERR_LAYER_NAME` or `ERR_LAYER_CLOSED`.
   */
  channel(member: Member<M>, options?: ChannelOptions): Channel;
  /** Sends to one channel by name. Nobody there is not an error; a full one is `ERR_CHANNEL_FULL`. */
  send(channel: string, message: M): Promise<void>;
  /**
   * Puts a channel on a group's list. Joining twice is joining once. A channel that was closed, or
   * that another layer opened, is `ERR_CHANNEL_CLOSED`.
   */
  join(group: string, channel: Channel, options?: JoinOptions): Promise<Joined>;
  /** Takes a channel off a group's list. Leaving what was not joined is not an error. */
  leave(group: string, channel: Channel): Promise<void>;
  /** Sends to all members of a group; resolves with the message's position where there is one. */
  groupSend(group: string, message: M, options?: GroupSendOptions): Promise<string | undefined>;
  /** How many readers are on a group's list, in all processes. */
  groupCount(group: string): Promise<number>;
  /**
   * The channels on a group's list, in all processes, a page at a time and in an order of the layer's
   * own. For moderation and tools: who wants to reach them all sends to the group.
   */
  groupMembers(group: string, options?: PageOptions): Promise<MemberPage>;
  /** Whether a channel of this name is on a group's list. */
  isMember(group: string, channel: string): Promise<boolean>;
  /** Who is in a group, in all processes, a page at a time: those who joined with a `presence`. */
  presence(group: string, options?: PageOptions): Promise<PresencePage>;
  /** How many that are. */
  presenceCount(group: string): Promise<PresenceCount>;
  /**
   * Tells `watcher` which groups have members, in any process. `groups` is a pattern: `*` stands for
   * any characters, everything else for itself. Resolves once it was told of all that are occupied
   * now. A pattern that matches nothing is `ERR_INVALID_OPTION`.
   */
  watch(groups: string, watcher: GroupWatcher): Promise<Watch>;
  /** Closes every channel, at once; resolves when the backend knows it too. Twice is once. */
  close(): Promise<void>;
}
