import { ChannelLayerError } from "../errors.ts";
import type { Clock } from "../internal/clock.ts";
import type { Delivery, LayerMessage } from "./channel-layer.ts";

/** What the fixed names of a process need to know. */
export interface NamedChannelsOptions<M = LayerMessage> {
  /** How many messages wait on a name that nobody reads. */
  readonly capacity: number;
  /** How long they wait, in milliseconds. */
  readonly expiry: number;
  readonly clock: Clock;
  /** Whose order of delivery they keep to. */
  readonly groups: { deliverTo(queue: { deliver(): void }, message: M, delivery: Delivery): void };
}

/** One of those that read a fixed name. */
export interface NamedReader<M> {
  deliver(message: M, delivery: Delivery): void;
}

/** The channels with a fixed name: their readers compete, and what nobody reads waits. */
export class NamedChannels<M = LayerMessage, R extends NamedReader<M> = NamedReader<M>> {
  readonly #options: NamedChannelsOptions<M>;
  /** The names that somebody reads or something waits on. */
  readonly #queues = new Map<string, Queue<M, R>>();
  #cancelSweep: (() => void) | undefined;

  constructor(options: NamedChannelsOptions<M>) {
    this.#options = options;
  }

  /** Adds a reader; what waits comes in a microtask. */
  open(name: string, channel: R): void {
    const queue = this.#queue(name);
    queue.dropExpired(this.#options.clock.now());
    queue.readers.push(channel);
    // Not at once: the reader does not even have its channel yet.
    if (queue.waiting.length > 0) queueMicrotask(() => this.#serveWaiting(queue));
  }

  /**
   * Sends to a name. `decode` is called only when there is room.
   * @throws ChannelLayerError `ERR_CHANNEL_FULL` when nobody reads and the capacity is used up.
   */
  send(name: string, decode: () => M): void {
    const { capacity, expiry, clock, groups } = this.#options;
    const now = clock.now();
    const held = this.#queues.get(name);
    if (held === undefined || held.readers.length === 0) {
      held?.dropExpired(now);
      if ((held?.waiting.length ?? 0) >= capacity) {
        throw new ChannelLayerError(
          "ERR_CHANNEL_FULL",
          `nobody reads the channel ${JSON.stringify(name)}, and its capacity of ${capacity} waiting messages is used up`,
          { temporary: true },
        );
      }
    }
    const message = decode();
    const queue = held ?? this.#queue(name);
    queue.waiting.push({ message, expires: now + expiry });
    if (queue.readers.length > 0) groups.deliverTo(queue, message, direct);
    if (queue.waiting.length > 0) this.#scheduleSweep();
  }

  /** Whether something waits on a name. */
  isWaiting(name: string): boolean {
    const queue = this.#queues.get(name);
    queue?.dropExpired(this.#options.clock.now());
    return queue !== undefined && queue.waiting.length > 0;
  }

  /** Those who read a name now. */
  readers(name: string): readonly R[] {
    return this.#queues.get(name)?.readers ?? [];
  }

  /** Takes a reader away, which was closed. */
  close(name: string, channel: R): void {
    const queue = this.#queues.get(name);
    if (queue === undefined) return;
    queue.removeReader(channel);
    if (queue.isIdle) this.#queues.delete(name);
  }

  /** Takes all readers away and forgets what waits. */
  clear(): void {
    for (const queue of this.#queues.values()) {
      queue.readers.length = 0;
      queue.waiting.length = 0;
    }
    this.#queues.clear();
    this.#cancelSweep?.();
  }

  #serveWaiting(queue: Queue<M, R>): void {
    for (const { message } of [...queue.waiting]) {
      this.#options.groups.deliverTo(queue, message, direct);
    }
  }

  #queue(name: string): Queue<M, R> {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new Queue<M, R>();
      this.#queues.set(name, queue);
    }
    return queue;
  }

  /**
   * One timer for all that waits. Expired messages are dropped when their channel is used; this is
   * for the channels that nobody uses again.
   */
  #scheduleSweep(): void {
    const { clock, expiry } = this.#options;
    this.#cancelSweep ??= clock.after(expiry, () => {
      this.#cancelSweep = undefined;
      const now = clock.now();
      let somethingWaits = false;
      for (const [name, queue] of this.#queues) {
        queue.dropExpired(now);
        if (queue.isIdle) this.#queues.delete(name);
        else if (queue.waiting.length > 0) somethingWaits = true;
      }
      if (somethingWaits) this.#scheduleSweep();
    });
  }
}

/** Where the readers of one fixed name and the messages for it meet. */
class Queue<M, R extends NamedReader<M>> {
  /** The next in turn is the first. */
  readonly readers: R[] = [];
  /** Oldest first. What has a reader passes through here too: one queue, one order. */
  readonly waiting: { readonly message: M; readonly expires: number }[] = [];

  get isIdle(): boolean {
    return this.readers.length === 0 && this.waiting.length === 0;
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

  removeReader(channel: R): void {
    const index = this.readers.indexOf(channel);
    if (index >= 0) this.readers.splice(index, 1);
  }

  dropExpired(now: number): void {
    const fresh = this.waiting.findIndex(({ expires }) => expires > now);
    this.waiting.splice(0, fresh < 0 ? this.waiting.length : fresh);
  }
}

/** How every message to a channel itself comes. */
export const direct: Delivery = Object.freeze({});
