import { notice } from "../internal/noticed-promise.ts";
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

/**
 * A channel layer as one consumer has it. Node ends the process for a promise that fails with nobody
 * awaiting it; here that ends one connection, as every other mistake of a consumer does.
 */
export class ConsumerLayer implements ChannelLayer {
  readonly #layer: ChannelLayer;
  readonly #unnoticed: (error: unknown) => void;

  /** `unnoticed` hears of what failed while nobody awaited it. */
  constructor(layer: ChannelLayer, unnoticed: (error: unknown) => void) {
    this.#layer = layer;
    this.#unnoticed = unnoticed;
  }

  channel(member: Member, options?: ChannelOptions): Channel {
    return this.#layer.channel(member, options);
  }

  send(channel: string, message: LayerMessage): Promise<void> {
    return notice(this.#layer.send(channel, message), this.#unnoticed);
  }

  join(group: string, channel: Channel, options?: JoinOptions): Promise<Joined> {
    return notice(this.#layer.join(group, channel, options), this.#unnoticed);
  }

  leave(group: string, channel: Channel): Promise<void> {
    return notice(this.#layer.leave(group, channel), this.#unnoticed);
  }

  groupSend(
    group: string,
    message: LayerMessage,
    options?: GroupSendOptions,
  ): Promise<string | undefined> {
    return notice(this.#layer.groupSend(group, message, options), this.#unnoticed);
  }

  // Nobody asks these without waiting for the answer.

  groupCount(group: string): Promise<number> {
    return this.#layer.groupCount(group);
  }

  groupMembers(group: string, options?: PageOptions): Promise<MemberPage> {
    return this.#layer.groupMembers(group, options);
  }

  isMember(group: string, channel: string): Promise<boolean> {
    return this.#layer.isMember(group, channel);
  }

  presence(group: string, options?: PageOptions): Promise<PresencePage> {
    return this.#layer.presence(group, options);
  }

  presenceCount(group: string): Promise<PresenceCount> {
    return this.#layer.presenceCount(group);
  }

  watch(groups: string, watcher: GroupWatcher): Promise<Watch> {
    return this.#layer.watch(groups, watcher);
  }

  close(): Promise<void> {
    return this.#layer.close();
  }
}
