import { ChannelLayerError } from "../errors.ts";
import type {
  Channel,
  ChannelLayer,
  ChannelOptions,
  GroupSendOptions,
  GroupWatcher,
  Joined,
  JoinOptions,
  LayerMessage,
  Member,
  MemberPage,
  PageOptions,
  PresenceCount,
  PresencePage,
  Watch,
} from "../layers/channel-layer.ts";

/** A layer around a layer: a tool changes what it wants to, and everything else goes on. */
export class WrappedLayer implements ChannelLayer {
  readonly #inner: ChannelLayer;

  constructor(inner: ChannelLayer) {
    this.#inner = inner;
  }

  channel(member: Member, options?: ChannelOptions): Channel {
    return new WrappedChannel(this.#inner.channel(member, options));
  }

  async send(channel: string, message: LayerMessage): Promise<void> {
    await this.#inner.send(channel, message);
  }

  async join(group: string, channel: Channel, options?: JoinOptions): Promise<Joined> {
    return this.#inner.join(group, innerOf(channel), options);
  }

  async leave(group: string, channel: Channel): Promise<void> {
    await this.#inner.leave(group, innerOf(channel));
  }

  async groupSend(
    group: string,
    message: LayerMessage,
    options?: GroupSendOptions,
  ): Promise<string | undefined> {
    return this.#inner.groupSend(group, message, options);
  }

  groupCount(group: string): Promise<number> {
    return this.#inner.groupCount(group);
  }

  groupMembers(group: string, options?: PageOptions): Promise<MemberPage> {
    return this.#inner.groupMembers(group, options);
  }

  isMember(group: string, channel: string): Promise<boolean> {
    return this.#inner.isMember(group, channel);
  }

  presence(group: string, options?: PageOptions): Promise<PresencePage> {
    return this.#inner.presence(group, options);
  }

  presenceCount(group: string): Promise<PresenceCount> {
    return this.#inner.presenceCount(group);
  }

  watch(groups: string, watcher: GroupWatcher): Promise<Watch> {
    return this.#inner.watch(groups, watcher);
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }
}

/** A channel around a channel. */
export class WrappedChannel implements Channel {
  readonly inner: Channel;

  constructor(inner: Channel) {
    this.inner = inner;
  }

  get name(): string {
    return this.inner.name;
  }

  resume(): void {
    this.inner.resume();
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

function innerOf(channel: Channel): Channel {
  if (channel instanceof WrappedChannel) return channel.inner;
  throw new ChannelLayerError("ERR_CHANNEL_CLOSED", "the channel was opened by another layer");
}
