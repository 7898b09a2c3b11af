import { ChannelLayerError } from "../../src/errors.ts";
import type {
  Channel,
  GroupSendOptions,
  Joined,
  JoinOptions,
  LayerMessage,
  Member,
} from "../../src/layers/channel-layer.ts";
import type { GroupFeeds } from "../../src/layers/group-feeds.ts";
import type { ChannelHost, LocalChannel } from "../../src/layers/local-channel.ts";
import type { LocalGroups } from "../../src/layers/local-groups.ts";
import type { Position } from "../../src/layers/position.ts";
import type { HistorySource, Slice } from "../../src/layers/slice.ts";
import type { SimLayer, SimNode } from "./client.ts";
import type { Append, Live } from "./model-backend.ts";
import type { Parts } from "./parts.ts";
import type { SimProcess } from "./scheduler.ts";

/** What a node asks its backend. All of it is asked and answered in order. */
export type Request =
  | ({ readonly kind: "append" } & Append)
  | {
      readonly kind: "read";
      readonly group: string;
      readonly since: Position | undefined;
      readonly limit: number;
    }
  | { readonly kind: "subscribe" | "unsubscribe"; readonly group: string };

/** How a node and its backend reach each other. */
export interface Uplink {
  request(request: Request, answer: (answer: unknown) => void): void;
}

/** What a node's layer needs to know. */
export interface BackendNodeOptions {
  readonly process: SimProcess;
  readonly parts: Parts;
  readonly uplink: Uplink;
  readonly recover: number;
  readonly onError: (error: unknown) => void;
  /** It never looks for what was lost on the way: a flaw, to see whether it is noticed. */
  readonly checksNothing: boolean;
}

/** A layer over a network, as short as it can be: local groups, feeds, and requests with a deadline. */
export class BackendNode implements SimNode, SimLayer, ChannelHost, HistorySource {
  readonly process: SimProcess;
  readonly #options: BackendNodeOptions;
  readonly #groups: LocalGroups;
  readonly #feeds: GroupFeeds;
  #names = 0;
  #requests = 0;

  constructor(options: BackendNodeOptions) {
    const { process, parts, recover, onError } = options;
    this.process = process;
    this.#options = options;
    this.#groups = new parts.groups.LocalGroups(onError);
    this.#feeds = new parts.feeds.GroupFeeds(this.#groups, this, () => ({ recover }));
    if (!options.checksNothing) this.#checkOften();
  }

  get layer(): SimLayer {
    return this;
  }

  leftovers(): Record<string, number> {
    return {
      groups: this.#groups.groups,
      feeds: this.#feeds.size,
      requests: this.#requests,
    };
  }

  channel(member: Member): Channel {
    return new this.#options.parts.channel.LocalChannel(this, member);
  }

  async join(group: string, channel: Channel, { since }: JoinOptions = {}): Promise<Joined> {
    const member = channel as LocalChannel;
    if (!member.isOpenOn(this)) throw new ChannelLayerError("ERR_CHANNEL_CLOSED", "closed");
    const wasMember = this.#groups.has(group, member);
    if (this.#groups.join(group, member)) this.#subscribe(group);
    try {
      return await this.#feeds.join(group, member, since);
    } catch (error) {
      if (!wasMember) this.#leave(group, member);
      throw error;
    }
  }

  async leave(group: string, channel: Channel): Promise<void> {
    this.#leave(group, channel as LocalChannel);
  }

  async groupSend(
    group: string,
    message: LayerMessage,
    { id, except }: GroupSendOptions = {},
  ): Promise<string | undefined> {
    return this.#ask<string>({ kind: "append", group, message, id, except });
  }

  async groupCount(group: string): Promise<number> {
    return this.#groups.size(group);
  }

  async close(): Promise<void> {}

  /** A message came from a subscription. */
  live({ group, epoch, item }: Live): void {
    this.#feeds.of(group)?.live(epoch, item);
  }

  /** The connection that live messages come on is there again: what came meanwhile is missing. */
  back(): void {
    for (const group of this.#groups.names()) this.#subscribe(group);
    if (!this.#options.checksNothing) this.#feeds.check();
  }

  /** @internal For its feeds. */
  read(group: string, since: Position | undefined, limit: number): Promise<Slice> {
    return this.#ask({ kind: "read", group, since, limit });
  }

  /** @internal For its channels. */
  nameFor(): string {
    this.#names += 1;
    return `${this.process.name}.${this.#names}`;
  }

  /** @internal */
  resume(channel: LocalChannel): void {
    this.#feeds.resume(channel);
  }

  /** @internal */
  async forget(channel: LocalChannel): Promise<void> {
    const emptied = this.#groups.leaveAll(channel);
    this.#feeds.leaveAll(channel, emptied);
    for (const group of emptied) this.#unsubscribe(group);
  }

  #leave(group: string, member: LocalChannel): void {
    const emptied = this.#groups.leave(group, member);
    this.#feeds.leave(group, member, emptied);
    if (emptied) this.#unsubscribe(group);
  }

  #subscribe(group: string): void {
    void this.#ask({ kind: "subscribe", group }).catch(() => {});
  }

  #unsubscribe(group: string): void {
    void this.#ask({ kind: "unsubscribe", group }).catch(() => {});
  }

  #ask<T>(request: Request): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#requests += 1;
      const settle = (): void => {
        this.#requests -= 1;
        lift();
      };
      const lift = this.process.after(requestTimeout, () => {
        settle();
        reject(new ChannelLayerError("ERR_LAYER_UNREACHABLE", "no answer", { temporary: true }));
      });
      this.#options.uplink.request(request, (answer) => {
        settle();
        resolve(answer as T);
      });
    });
  }

  /** Live messages get lost, and nobody says so: groups that are quiet are looked after. */
  #checkOften(): void {
    this.process.after(checkInterval, () => {
      this.#feeds.check();
      this.#checkOften();
    });
  }
}

const requestTimeout = 1_500;
const checkInterval = 4_000;
