import { randomBytes } from "node:crypto";
import { type Clock, systemClock } from "../../internal/clock.ts";
import { away } from "../away.ts";
import type { Address, Append, Broker, BrokerEars, KeptItem, KeptSlice } from "../broker/broker.ts";
import { publish } from "../broker/diagnostics.ts";
import { type FullHistoryRule, messageCost } from "../history-rule.ts";
import type { Position } from "../position.ts";
import type { RedisConnection } from "./connection.ts";
import { Names } from "./names.ts";
import { appendScript, publishScript, readScript } from "./scripts.ts";
import type { Shard } from "./shard.ts";
import { Shards } from "./shards.ts";
import { slotOf } from "./slot.ts";

/** What Redis says of itself that changes when its data may have gone back in time. */
export type EpochFence = "replid" | "runid" | "off";

/** All of them. */
export const epochFences: readonly EpochFence[] = ["replid", "runid", "off"];

/** What a {@link RedisBroker} needs to know. */
export interface RedisBrokerOptions {
  readonly connection: RedisConnection;
  /** The beginning of all keys and channels. @defaultValue `sluice` */
  readonly prefix?: string | undefined;
  /** @defaultValue `replid` */
  readonly epochFence?: EpochFence | undefined;
  /** How long Redis may take to answer, in milliseconds. @defaultValue 5 000 */
  readonly timeout?: number | undefined;
  /** How long nothing may come before we look, in milliseconds. @defaultValue 3 000 */
  readonly probeInterval?: number | undefined;
  /** How much may wait for the answers of one server, in bytes. @defaultValue 32 MiB */
  readonly backlog?: number | undefined;
  readonly clock?: Clock | undefined;
  /** From 0 to 1. @defaultValue `Math.random` */
  readonly random?: (() => number) | undefined;
}

/** The engine between processes that is a Redis: one server, with replicas and sentinels, or a cluster. */
export class RedisBroker implements Broker {
  readonly maxSize: number = 4 * 1024 * 1024;
  readonly #names: Names;
  readonly #fence: EpochFence;
  readonly #shards: Shards;
  /** What each channel that is subscribed to is about. */
  readonly #heard = new Map<string, Heard>();
  #ears: BrokerEars | undefined;
  /** What was asked before anybody could know whether Redis is there. */
  #early: (() => void)[] | undefined = [];
  #isClosed = false;

  constructor(options: RedisBrokerOptions) {
    const { connection, prefix = "sluice", epochFence = "replid", clock = systemClock } = options;
    const { timeout = 5_000, probeInterval = 3_000, backlog = 32 * 1024 * 1024 } = options;
    const { random = Math.random } = options;
    this.#names = new Names(prefix);
    this.#fence = epochFence;
    const all = { connection, clock, random, timeout, probeInterval, backlog };
    this.#shards = new Shards(all, this.#names, randomBytes(9).toString("base64url"), {
      message: (channel, data) => this.#hear(channel, data),
      settled: () => this.#begin(),
      back: () => this.#ears?.missed(),
    });
  }

  open(ears: BrokerEars): void {
    this.#ears = ears;
    this.#shards.open();
  }

  subscribe(address: Address): Promise<void> {
    return this.#listen(this.#names.channel(address), { address });
  }

  unsubscribe(address: Address): Promise<void> {
    return this.#ignore(this.#names.channel(address));
  }

  async publish(address: Address, data: Uint8Array): Promise<boolean> {
    const channel = this.#names.channel(address);
    const values = [channel, bytes(data)];
    const got = await this.#with(channel, (shard) =>
      shard.run("publish", publishScript, [], values, data.length),
    );
    return Number(got) > 0 || !address.startsWith("n");
  }

  follow(group: string): Promise<void> {
    return this.#listen(this.#names.keptChannel(group), { group });
  }

  unfollow(group: string): Promise<void> {
    return this.#ignore(this.#names.keptChannel(group));
  }

  async append({ group, rule, data, id }: Append): Promise<Position> {
    const names = this.#names;
    const meta = names.metaKey(group);
    const keys = [meta, names.logKey(group)];
    const values = [
      this.#fence,
      freshEpoch(),
      metaLifetime(rule),
      names.keptChannel(group),
      bytes(data),
      ...limits(rule),
    ];
    if (id !== undefined) {
      keys.push(names.idsKey(group));
      values.push(id, `${rule.idWindow}`, `${rule.ids}`);
    }
    const answer = await this.#with(meta, (shard) =>
      shard.run("append", appendScript, keys, values, data.length),
    );
    const [epoch, offset] = answer as [unknown, unknown];
    return { epoch: String(epoch), offset: Number(offset) };
  }

  async read(
    group: string,
    rule: FullHistoryRule,
    since: Position | undefined,
    limit: number,
  ): Promise<KeptSlice> {
    const meta = this.#names.metaKey(group);
    const keys = [meta, this.#names.logKey(group)];
    const values = [
      this.#fence,
      freshEpoch(),
      metaLifetime(rule),
      ...limits(rule),
      since?.epoch ?? "",
      `${since?.offset ?? 0}`,
      `${limit}`,
    ];
    const answer = await this.#with(meta, (shard) =>
      shard.run("read", readScript, keys, values, 0),
    );
    const [epoch, top, oldest, had, ...messages] = answer as unknown[];
    const from = since?.offset ?? 0;
    return {
      epoch: String(epoch),
      top: Number(top),
      oldest: String(oldest) === "" ? undefined : Number(oldest),
      items:
        had === undefined
          ? undefined
          : messages.map((data, index) => {
              const offset = from + 1 + index;
              return { offset, previous: offset - 1, data: data as Uint8Array };
            }),
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#ears = undefined;
    this.#heard.clear();
    this.#shards.close(closed());
    this.#begin();
  }

  #hear(channel: string, data: Uint8Array): void {
    const heard = this.#heard.get(channel);
    if (heard === undefined) return;
    if (heard.address !== undefined) return this.#ears?.message(heard.address, data);
    const kept = readKept(data);
    if (kept === undefined) {
      return publish("sluice:broker.ignore", { reason: "malformed", to: "group" });
    }
    this.#ears?.kept(heard.group, kept.epoch, kept.item);
  }

  async #listen(channel: string, heard: Heard): Promise<void> {
    const before = this.#heard.get(channel);
    this.#heard.set(channel, heard);
    try {
      await this.#with(channel, (shard) => shard.subscribe(channel, slotOf(channel)));
    } catch (error) {
      if (before === undefined && this.#heard.get(channel) === heard) this.#heard.delete(channel);
      throw error;
    }
  }

  async #ignore(channel: string): Promise<void> {
    this.#heard.delete(channel);
    // It need not succeed: what nobody can reach has no subscriptions of ours either.
    await this.#with(channel, (shard) => shard.unsubscribe(channel)).catch(() => {});
  }

  /** Does something with the shard of a key, at once, or when the first attempt to connect is over. */
  #with<T>(key: string, use: (shard: Shard) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        try {
          if (this.#isClosed) throw closed();
          use(this.#shards.of(key)).then(resolve, reject);
        } catch (error) {
          reject(error as Error);
        }
      };
      if (this.#early === undefined) begin();
      else this.#early.push(begin);
    });
  }

  #begin(): void {
    const early = this.#early;
    this.#early = undefined;
    for (const begin of early ?? []) begin();
  }
}

type Heard =
  | { readonly address: Address; readonly group?: undefined }
  | { readonly address?: undefined; readonly group: string };

function closed(): Error {
  return away("the broker was closed");
}

function bytes(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** Becomes the epoch of a history that has none, or had to begin anew: 96 random bits. */
function freshEpoch(): string {
  return randomBytes(12).toString("base64url");
}

/** How long a group's epoch is known after its last use, in milliseconds: longer than its messages. */
function metaLifetime(rule: FullHistoryRule): string {
  return `${Math.max(24 * 60 * 60 * 1_000, 2 * rule.ttl, 2 * rule.idWindow)}`;
}

function limits({ size, ttl, bytes: most }: FullHistoryRule): string[] {
  return [`${size}`, `${ttl}`, `${most}`, `${messageCost}`];
}

const space = 0x20;

/** Reads what the script of append has published: epoch, offset and message; undefined of anything else. */
function readKept(data: Uint8Array): { epoch: string; item: KeptItem } | undefined {
  const first = data.indexOf(space);
  const second = first < 0 ? -1 : data.indexOf(space, first + 1);
  if (second < 0 || first > 64 || second - first > 17) return undefined;
  const head = Buffer.from(data.buffer, data.byteOffset, second).toString("latin1");
  const offset = Number(head.slice(first + 1));
  const epoch = head.slice(0, first);
  if (!/^[\w-]+$/.test(epoch) || !Number.isSafeInteger(offset) || offset < 1) return undefined;
  return { epoch, item: { offset, previous: offset - 1, data: data.subarray(second + 1) } };
}
