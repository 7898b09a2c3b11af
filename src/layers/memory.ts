import { randomBytes } from "node:crypto";
import { ChannelLayerError, UsageError } from "../errors.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import type {
  Channel,
  ChannelLayer,
  ChannelOptions,
  Delivery,
  GroupSendOptions,
  Joined,
  JoinOptions,
  LayerMessage,
  Member,
} from "./channel-layer.ts";
import { checkMessage, type Codec, jsonCodec } from "./codec.ts";
import { LocalGroups, type LocalMember } from "./local-groups.ts";
import { anonymousPrefix, checkFixedName, checkName } from "./name.ts";

/** Options of {@link memoryLayer}. */
export interface MemoryLayerOptions {
  /**
   * How many messages wait on a named channel that nobody reads; one more rejects with
   * `ERR_CHANNEL_FULL`. @defaultValue 100, as in Django Channels
   */
  readonly capacity?: number;
  /**
   * How long a message waits for a reader, in milliseconds, before it is dropped.
   * @defaultValue 60 000, as in Django Channels: a worker restarts faster
   */
  readonly expiry?: number;
  /**
   * How messages are written down; here too, so that what works in memory works over a network.
   * @defaultValue {@link jsonCodec}
   */
  readonly codec?: Codec;
  /** What tells the time to expiry. @defaultValue the system's */
  readonly clock?: Clock;
  /**
   * Gets what members throw, which they must not.
   * @defaultValue an uncaught exception, once everybody was served: silence would hide a bug
   */
  readonly onError?: (error: unknown) => void;
}

/**
 * A channel layer inside this process, and the default: many applications need no second one.
 *
 * A message is delivered before `send` or `groupSend` returns, except from inside a delivery: then
 * right after that one. Groups have no history.
 * @throws UsageError `ERR_INVALID_OPTION` for a capacity or expiry out of range.
 */
export function memoryLayer<M extends LayerMessage = LayerMessage>(
  options: MemoryLayerOptions = {},
): ChannelLayer<M> {
  return new MemoryLayer(options);
}

class MemoryLayer implements ChannelLayer {
  readonly #capacity: number;
  readonly #expiry: number;
  readonly #codec: Codec;
  readonly #clock: Clock;

  readonly #groups: LocalGroups;
  /** The channels without a fixed name that have told somebody their name. */
  readonly #anonymous = new Map<string, MemoryChannel>();
  /** The fixed names that somebody reads or something waits on. */
  readonly #named = new Map<string, Queue>();

  /** Nobody outside guesses a name: 96 random bits, then a count. */
  readonly #namePrefix = `${anonymousPrefix}${randomBytes(12).toString("base64url")}.`;
  #namesMade = 0;
  #cancelSweep: (() => void) | undefined;
  #closed = false;

  constructor(options: MemoryLayerOptions) {
    const { capacity = 100, expiry = 60_000, codec = jsonCodec, clock = systemClock } = options;
    if (!Number.isSafeInteger(capacity) || capacity < 0) {
      throw invalidOption("capacity", capacity, "a whole number from 0");
    }
    if (!(expiry > 0 && expiry <= longestTimer)) {
      throw invalidOption("expiry", expiry, `above 0 and at most ${longestTimer}`);
    }
    this.#capacity = capacity;
    this.#expiry = expiry;
    this.#codec = codec;
    this.#clock = clock;
    this.#groups = new LocalGroups(options.onError);
  }

  channel(member: Member, { name }: ChannelOptions = {}): Channel {
    this.#assertOpen();
    if (name === undefined) return new MemoryChannel(this, member);
    checkFixedName(name);
    const channel = new MemoryChannel(this, member, name);
    const queue = this.#queue(name);
    queue.dropExpired(this.#clock.now());
    queue.readers.push(channel);
    // Not at once: the reader does not even have its channel yet.
    if (queue.waiting.length > 0) queueMicrotask(() => this.#serveWaiting(queue));
    return channel;
  }

  // The methods below are async for one reason: what they throw, their promise rejects with. None
  // awaits, so what they do is done when they return.

  async send(channel: string, message: LayerMessage): Promise<void> {
    this.#assertOpen();
    checkName("channel", channel);
    checkMessage(message);
    const encoded = this.#codec.encode(message);
    if (!channel.startsWith(anonymousPrefix)) {
      this.#sendToNamed(channel, encoded);
      return;
    }
    const reader = this.#anonymous.get(channel);
    if (reader === undefined) return;
    this.#groups.deliverTo(reader, this.#codec.decode(encoded), direct);
  }

  async join(group: string, channel: Channel, options?: JoinOptions): Promise<Joined> {
    this.#assertOpen();
    checkName("group", group);
    if (!(channel instanceof MemoryChannel && channel.isOpenOn(this))) {
      throw new ChannelLayerError(
        "ERR_CHANNEL_CLOSED",
        `cannot join the group ${JSON.stringify(group)}: the channel is closed or of another layer`,
      );
    }
    this.#groups.join(group, channel);
    return options?.since === undefined ? joined : notRecovered;
  }

  async leave(group: string, channel: Channel): Promise<void> {
    this.#assertOpen();
    checkName("group", group);
    if (channel instanceof MemoryChannel) this.#groups.leave(group, channel);
  }

  async groupSend(
    group: string,
    message: LayerMessage,
    options?: GroupSendOptions,
  ): Promise<undefined> {
    this.#assertOpen();
    checkName("group", group);
    checkMessage(message);
    // For nobody, too: what cannot be sent should not come to light with the first member.
    const encoded = this.#codec.encode(message);
    if (this.#groups.size(group) === 0) return;
    const id = options?.id;
    const delivery: Delivery = Object.freeze(id === undefined ? { group } : { group, id });
    this.#groups.deliver(group, this.#codec.decode(encoded), delivery, options?.except);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#groups.clear();
    this.#anonymous.clear();
    for (const queue of this.#named.values()) {
      queue.readers.length = 0;
      queue.waiting.length = 0;
    }
    this.#named.clear();
    this.#cancelSweep?.();
  }

  /** For {@link MemoryChannel}: a name, under which the channel can be reached from now on. */
  nameFor(channel: MemoryChannel): string {
    this.#namesMade += 1;
    const name = this.#namePrefix + this.#namesMade.toString(36);
    if (!this.#closed && channel.isOpenOn(this)) this.#anonymous.set(name, channel);
    return name;
  }

  /** For {@link MemoryChannel}: forgets one that was closed. */
  forget(channel: MemoryChannel, name: string | undefined): void {
    this.#groups.leaveAll(channel);
    if (name === undefined || this.#anonymous.delete(name)) return;
    const queue = this.#named.get(name);
    if (queue === undefined) return;
    queue.removeReader(channel);
    if (queue.isIdle) this.#named.delete(name);
  }

  #sendToNamed(name: string, encoded: string | Uint8Array): void {
    const now = this.#clock.now();
    const held = this.#named.get(name);
    if (held === undefined || held.readers.length === 0) {
      held?.dropExpired(now);
      if ((held?.waiting.length ?? 0) >= this.#capacity) {
        throw new ChannelLayerError(
          "ERR_CHANNEL_FULL",
          `nobody reads the channel ${JSON.stringify(name)}, and its capacity of ${this.#capacity} waiting messages is used up`,
          { temporary: true },
        );
      }
    }
    const message = this.#codec.decode(encoded);
    const queue = held ?? this.#queue(name);
    queue.waiting.push({ message, expires: now + this.#expiry });
    if (queue.readers.length > 0) this.#groups.deliverTo(queue, message, direct);
    if (queue.waiting.length > 0) this.#scheduleSweep();
  }

  #serveWaiting(queue: Queue): void {
    for (const { message } of [...queue.waiting]) {
      this.#groups.deliverTo(queue, message, direct);
    }
  }

  #queue(name: string): Queue {
    let queue = this.#named.get(name);
    if (queue === undefined) {
      queue = new Queue();
      this.#named.set(name, queue);
    }
    return queue;
  }

  /**
   * One timer for all that waits. Expired messages are dropped when their channel is used; this is
   * for the channels that nobody uses again.
   */
  #scheduleSweep(): void {
    this.#cancelSweep ??= this.#clock.after(this.#expiry, () => {
      this.#cancelSweep = undefined;
      const now = this.#clock.now();
      let somethingWaits = false;
      for (const [name, queue] of this.#named) {
        queue.dropExpired(now);
        if (queue.isIdle) this.#named.delete(name);
        else if (queue.waiting.length > 0) somethingWaits = true;
      }
      if (somethingWaits) this.#scheduleSweep();
    });
  }

  #assertOpen(): void {
    if (!this.#closed) return;
    throw new ChannelLayerError("ERR_LAYER_CLOSED", "the channel layer was closed");
  }
}

/** One reader. A connection that nobody addresses costs these three fields. */
class MemoryChannel implements Channel, LocalMember {
  readonly #layer: MemoryLayer;
  /** Absent once closed, so that a channel kept by somebody keeps no connection. */
  #member: Member | undefined;
  /** Its fixed name, or the one that was made when somebody first asked. */
  #name: string | undefined;

  constructor(layer: MemoryLayer, member: Member, name?: string) {
    this.#layer = layer;
    this.#member = member;
    this.#name = name;
  }

  get name(): string {
    this.#name ??= this.#layer.nameFor(this);
    return this.#name;
  }

  answersTo(name: string): boolean {
    return this.#name === name;
  }

  isOpenOn(layer: MemoryLayer): boolean {
    return this.#layer === layer && this.#member !== undefined;
  }

  deliver(message: LayerMessage, delivery: Delivery): void {
    this.#member?.deliver(message, delivery);
  }

  async close(): Promise<void> {
    if (this.#member === undefined) return;
    this.#member = undefined;
    this.#layer.forget(this, this.#name);
  }
}

/** Where the readers of one fixed name and the messages for it meet. */
class Queue implements LocalMember {
  /** The next in turn is the first. */
  readonly readers: MemoryChannel[] = [];
  /** Oldest first. What has a reader passes through here too: one queue, one order. */
  readonly waiting: { readonly message: LayerMessage; readonly expires: number }[] = [];

  get isIdle(): boolean {
    return this.readers.length === 0 && this.waiting.length === 0;
  }

  answersTo(): boolean {
    return false;
  }

  /**
   * Gives the oldest message to the next reader. It is the message that this call is about, unless
   * older ones wait; and if the last reader has left since, all of them go on waiting.
   */
  deliver(): void {
    const reader = this.readers.shift();
    if (reader === undefined) return;
    this.readers.push(reader);
    const next = this.waiting.shift();
    if (next !== undefined) reader.deliver(next.message, direct);
  }

  removeReader(channel: MemoryChannel): void {
    const index = this.readers.indexOf(channel);
    if (index >= 0) this.readers.splice(index, 1);
  }

  dropExpired(now: number): void {
    const fresh = this.waiting.findIndex(({ expires }) => expires > now);
    this.waiting.splice(0, fresh < 0 ? this.waiting.length : fresh);
  }
}

/** How every message to a channel itself comes. */
const direct: Delivery = Object.freeze({});

const joined: Joined = Object.freeze({});
const notRecovered: Joined = Object.freeze({ recovered: false });

/** Node's timers hold 31 bits of milliseconds and fire at once for more. */
const longestTimer = 2 ** 31 - 1;

function invalidOption(name: string, value: unknown, expected: string): UsageError {
  return new UsageError(
    "ERR_INVALID_OPTION",
    `the option ${name} of memoryLayer is ${String(value)}; it must be ${expected}`,
  );
}
