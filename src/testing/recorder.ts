import type {
  Channel,
  ChannelLayer,
  ChannelOptions,
  GroupSendOptions,
  Joined,
  JoinOptions,
  LayerMessage,
  Member,
} from "../layers/channel-layer.ts";
import { checkMessage, jsonCodec } from "../layers/codec.ts";
import { memoryLayer } from "../layers/memory.ts";
import { WrappedChannel, WrappedLayer } from "./wrapped-layer.ts";

/**
 * Makes a channel layer that writes down what becomes of its groups, for a test to look at.
 *
 * ```ts
 * const layer = recorder();
 * const chat = communicator(Chat, { layer });
 * await chat.connect();
 * chat.send("hello");
 * await chat.receive();
 * expect(layer.members("lobby")).toHaveLength(1);
 * expect(layer.sentTo("lobby")).toEqual([{ type: "chat.message", text: "hello" }]);
 * ```
 *
 * @param layer The layer that does the work. @defaultValue a memory layer of its own
 */
export function recorder(layer: ChannelLayer = memoryLayer()): Recorder {
  return new Recorder(layer);
}

/** A layer that knows what was sent through it, and who is in its groups. Made by {@link recorder}. */
export class Recorder extends WrappedLayer {
  readonly #groups = new Map<string, Set<Channel>>();
  readonly #sent: { readonly to: string; readonly message: LayerMessage }[] = [];

  /** The channels that are in a group, by name and in the order in which they joined. */
  members(group: string): string[] {
    return [...(this.#groups.get(group) ?? [])].map(({ name }) => name);
  }

  /** The groups that have a member. */
  get groups(): string[] {
    return [...this.#groups.keys()];
  }

  /** What was sent to a group, or to a channel by its name, in order; as it was then. */
  sentTo(name: string): LayerMessage[] {
    return this.#sent.filter(({ to }) => to === name).map(({ message }) => message);
  }

  /** Forgets what was sent; the members stay. */
  forget(): void {
    this.#sent.length = 0;
  }

  override channel(member: Member, options?: ChannelOptions): Channel {
    const channel: Channel = super.channel(member, options);
    return new RecordedChannel((channel as WrappedChannel).inner, (closed) => {
      for (const group of this.groups) this.#remove(group, closed);
    });
  }

  override async send(channel: string, message: LayerMessage): Promise<void> {
    await this.#record(channel, message, () => super.send(channel, message));
  }

  override async join(group: string, channel: Channel, options?: JoinOptions): Promise<Joined> {
    const members = this.#groups.get(group) ?? new Set();
    this.#groups.set(group, members);
    const isNew = !members.has(channel);
    members.add(channel);
    try {
      return await super.join(group, channel, options);
    } catch (error) {
      if (isNew) this.#remove(group, channel);
      throw error;
    }
  }

  override async leave(group: string, channel: Channel): Promise<void> {
    this.#remove(group, channel);
    await super.leave(group, channel);
  }

  override async groupSend(
    group: string,
    message: LayerMessage,
    options?: GroupSendOptions,
  ): Promise<string | undefined> {
    return this.#record(group, message, () => super.groupSend(group, message, options));
  }

  override async close(): Promise<void> {
    this.#groups.clear();
    await super.close();
  }

  /** Before it is sent: whoever receives it may look at once. What could not be sent is taken back. */
  async #record<T>(to: string, message: LayerMessage, send: () => Promise<T>): Promise<T> {
    checkMessage(message);
    const sent = { to, message: jsonCodec.decode(jsonCodec.encode(message)) };
    this.#sent.push(sent);
    try {
      return await send();
    } catch (error) {
      this.#sent.splice(this.#sent.indexOf(sent), 1);
      throw error;
    }
  }

  #remove(group: string, channel: Channel): void {
    const members = this.#groups.get(group);
    members?.delete(channel);
    if (members?.size === 0) this.#groups.delete(group);
  }
}

/** A channel that says when it is closed. */
class RecordedChannel extends WrappedChannel {
  readonly #onClose: (channel: Channel) => void;

  constructor(inner: Channel, onClose: (channel: Channel) => void) {
    super(inner);
    this.#onClose = onClose;
  }

  override close(): Promise<void> {
    this.#onClose(this);
    return super.close();
  }
}
