import { ChannelLayerError } from "../errors.ts";
import {
  checkChannelOptions,
  checkGroupSendOptions,
  checkJoinOptions,
  checkPageOptions,
} from "./call-options.ts";
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
  Presence,
  PresenceCount,
  PresencePage,
  Watch,
} from "./channel-layer.ts";
import { checkMessage, type Codec } from "./codec.ts";
import { GroupPattern } from "./group-pattern.ts";
import { type ChannelHost, LocalChannel } from "./local-channel.ts";
import { checkPresenceEvents, type PresenceEvents } from "./local-presence.ts";
import { checkFixedName, checkName } from "./name.ts";
import { type AskedPage, checkPage } from "./page.ts";

/** What a member said when it joined. */
export interface AskedJoin {
  readonly since: string | undefined;
  readonly presence: Presence | undefined;
  readonly events: PresenceEvents | undefined;
}

/** A message as it was written down, and to whom of its group it goes. */
export interface WrittenSend {
  readonly encoded: string | Uint8Array;
  readonly id: string | undefined;
  readonly except: string | undefined;
}

/**
 * The door of every layer: it refuses what no layer takes, and writes messages down before the call
 * returns. What a subclass is asked to do is checked already; what it throws, the promise rejects with.
 */
export abstract class CheckedLayer implements ChannelLayer, ChannelHost {
  protected readonly codec: Codec;
  #isClosed = false;

  constructor(codec: Codec) {
    this.codec = codec;
  }

  /** Whether the layer was closed. */
  protected get isClosed(): boolean {
    return this.#isClosed;
  }

  channel(member: Member, options: ChannelOptions = {}): Channel {
    this.#assertOpen();
    const { name } = checkChannelOptions(options);
    if (name === undefined) return new LocalChannel(this, member);
    checkFixedName(name);
    const channel = new LocalChannel(this, member, name);
    this.openNamed(channel, name);
    return channel;
  }

  // The methods below are async for one reason: what they throw, their promise rejects with. None
  // awaits, so what a layer does at once is done when they return.

  async send(channel: string, message: LayerMessage): Promise<void> {
    this.#assertOpen();
    checkName("channel", channel);
    checkMessage(message);
    return this.sendTo(channel, this.codec.encode(message));
  }

  async join(group: string, channel: Channel, options?: JoinOptions): Promise<Joined> {
    this.#assertOpen();
    checkName("group", group);
    if (!(channel instanceof LocalChannel && channel.isOpenOn(this))) {
      throw new ChannelLayerError(
        "ERR_CHANNEL_CLOSED",
        `cannot join the group ${JSON.stringify(group)}: the channel is closed or of another layer`,
      );
    }
    const { since, presence, presenceEvents: events } = checkJoinOptions(options);
    checkPresenceEvents(events);
    return this.enter(group, channel, { since, presence, events });
  }

  async leave(group: string, channel: Channel): Promise<void> {
    this.#assertOpen();
    checkName("group", group);
    if (channel instanceof LocalChannel) return this.exit(group, channel);
  }

  async groupSend(
    group: string,
    message: LayerMessage,
    options?: GroupSendOptions,
  ): Promise<string | undefined> {
    this.#assertOpen();
    checkName("group", group);
    checkMessage(message);
    const { id, except } = checkGroupSendOptions(options);
    if (id !== undefined) checkName("message id", id);
    return this.sendToGroup(group, { encoded: this.codec.encode(message), id, except });
  }

  async groupCount(group: string): Promise<number> {
    this.#assertOpen();
    checkName("group", group);
    return this.countMembers(group);
  }

  async groupMembers(group: string, options?: PageOptions): Promise<MemberPage> {
    this.#assertOpen();
    checkName("group", group);
    return this.listMembers(group, checkPage(checkPageOptions(options)));
  }

  async isMember(group: string, channel: string): Promise<boolean> {
    this.#assertOpen();
    checkName("group", group);
    checkName("channel", channel);
    return this.hasMember(group, channel);
  }

  async presence(group: string, options?: PageOptions): Promise<PresencePage> {
    this.#assertOpen();
    checkName("group", group);
    return this.listPresent(group, checkPage(checkPageOptions(options)));
  }

  async presenceCount(group: string): Promise<PresenceCount> {
    this.#assertOpen();
    checkName("group", group);
    return this.countPresent(group);
  }

  async watch(groups: string, watcher: GroupWatcher): Promise<Watch> {
    this.#assertOpen();
    return this.addWatcher(new GroupPattern(groups, "groups"), watcher);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    return this.end();
  }

  // What a layer does.

  /** A channel with a fixed name was made; nothing may be delivered to it before this has returned. */
  protected abstract openNamed(channel: LocalChannel, name: string): void;
  /** Sends to one channel. */
  protected abstract sendTo(channel: string, encoded: string | Uint8Array): void | Promise<void>;
  /** Puts an open channel on a group's list. */
  protected abstract enter(
    group: string,
    channel: LocalChannel,
    asked: AskedJoin,
  ): Joined | Promise<Joined>;
  /** Takes a channel off a group's list, if it is on it. */
  protected abstract exit(group: string, channel: LocalChannel): void | Promise<void>;
  /** Sends to all members of a group. */
  protected abstract sendToGroup(
    group: string,
    written: WrittenSend,
  ): string | undefined | Promise<string | undefined>;
  protected abstract countMembers(group: string): number | Promise<number>;
  protected abstract listMembers(group: string, page: AskedPage): MemberPage | Promise<MemberPage>;
  protected abstract hasMember(group: string, channel: string): boolean | Promise<boolean>;
  protected abstract listPresent(
    group: string,
    page: AskedPage,
  ): PresencePage | Promise<PresencePage>;
  protected abstract countPresent(group: string): PresenceCount | Promise<PresenceCount>;
  protected abstract addWatcher(
    groups: GroupPattern,
    watcher: GroupWatcher,
  ): Watch | Promise<Watch>;
  /** The layer was closed, perhaps not for the first time. */
  protected abstract end(): void | Promise<void>;

  // For its channels.

  /** @internal */
  abstract nameFor(channel: LocalChannel): string;
  /** @internal */
  abstract resume(channel: LocalChannel): void;
  /** @internal */
  abstract forget(channel: LocalChannel, name: string | undefined): Promise<void>;

  #assertOpen(): void {
    if (!this.#isClosed) return;
    throw new ChannelLayerError(
      "ERR_LAYER_CLOSED",
      "the channel layer was closed, by close() or with the server that made it: nothing can be sent or joined any more",
    );
  }
}

/** What joining a group without a history resolves with. */
export function joinedWithout(since: string | undefined): Joined {
  return since === undefined ? joined : notRecovered;
}

const joined: Joined = Object.freeze({});
const notRecovered: Joined = Object.freeze({ recovered: false });
