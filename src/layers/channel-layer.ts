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
  /** Its place in the group's history, where the group has one. Opaque. */
  readonly position?: string;
  /** The id that its sender gave it. */
  readonly id?: string;
}

/** A loss that the layer noticed: messages of `group` after `lastSeen` will not come. */
export interface Gap {
  readonly group: string;
  /** The last position that this member received. */
  readonly lastSeen: string;
  /** The oldest position that is still held, if any is. */
  readonly oldest?: string;
  /** The newest position, if it is known. */
  readonly top?: string;
}

/** The reading end of a channel. */
export interface Member<M extends LayerMessage = LayerMessage> {
  /** Takes one message. Must not throw and must not block; how much it holds is its own affair. */
  deliver(message: M, delivery: Delivery): void;
  /** Learns of a loss while connected. */
  gap?(gap: Gap): void;
}

/** One reader's address. */
export interface Channel {
  /** The address: give it to {@link ChannelLayer.send}, or to `except`. */
  readonly name: string;
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
  /** The last position that this member has seen: asks for everything after it. */
  readonly since?: string;
}

/** What {@link ChannelLayer.join} resolves with. */
export interface Joined {
  /** The group's newest position at the moment of joining, where it has a history. */
  readonly position?: string;
  /** Present when `since` was given: true only if everything after it was or will be delivered. */
  readonly recovered?: boolean;
}

/** Options of {@link ChannelLayer.groupSend}. */
export interface GroupSendOptions {
  /** An id that makes a repeated send harmless, where the layer keeps a history. */
  readonly id?: string;
  /** The name of one channel that does not get the message, usually the sender's own. */
  readonly except?: string;
}

/**
 * A post office for messages between handlers.
 *
 * What every layer promises; `layerChecks` of `sluice/testing` tries each promise on a layer:
 *
 * - **Order.** What one sender sends to one channel, or to one group, MUST arrive in that order.
 *   All members of a group in one process MUST see one order, whoever the senders are. A message
 *   that is sent from inside a delivery comes after the one that is being delivered.
 * - **At most once.** A message MUST reach a member once or not at all, unless the group has a
 *   history. Joining a group twice is joining it once.
 * - **Joining.** When `join` has resolved, every message that is sent to the group from then on,
 *   anywhere, MUST be delivered. Who joins during a delivery MUST NOT get that message.
 * - **Leaving.** After `leave` or `Channel.close` was called nothing more of the group, or nothing
 *   more at all, MUST be delivered to that channel: not even a message whose delivery is under way.
 * - **Groups list readers.** Each reader that joined gets its own copy, also where several readers
 *   share a fixed name. `except` leaves out every reader that has that name.
 * - **Fixed names.** A message to a fixed name MUST go to exactly one of its readers. While there is
 *   none it MUST wait, in order, up to the layer's expiry; one more than the layer's capacity MUST be
 *   refused with `ERR_CHANNEL_FULL`, whose `temporary` is true.
 * - **Nobody there.** A message to a group without members, or to a channel that was closed and had
 *   no fixed name, is lost, and that is not an error.
 * - **Names.** Any well-formed Unicode string of 1 to 200 UTF-8 bytes MUST work and MUST reach
 *   nobody else's name, whatever it means to the backend. Other names are `ERR_LAYER_NAME`; so is a
 *   fixed name that begins with `sluice.`, as the names do that layers make.
 * - **Messages.** What is sent MUST arrive equal, or be refused with `ERR_EVENT_TYPE` or
 *   `ERR_LAYER_MESSAGE`, also when nobody listens. It is written down before the call returns: the
 *   sender may change its object afterwards. It is encoded once per send, and all members of a
 *   process MUST get one deep-frozen object.
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
  /** Closes every channel, at once; resolves when the backend knows it too. Twice is once. */
  close(): Promise<void>;
}
