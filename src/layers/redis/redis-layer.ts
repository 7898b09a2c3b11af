import { OptionCheck } from "../../internal/option-check.ts";
import { BrokerLayer } from "../broker/broker-layer.ts";
import { type BrokerLayerOptions, brokerOptionNames } from "../broker/options.ts";
import type { ChannelLayer, LayerMessage } from "../channel-layer.ts";
import type { RedisConnection } from "./connection.ts";
import { type EpochFence, epochFences, RedisBroker } from "./redis-broker.ts";

/** Options of {@link redisLayer}. All processes need the same, but for `connection`. */
export interface RedisLayerOptions extends BrokerLayerOptions {
  /** The way to Redis: what {@link fromNodeRedis} or {@link fromIoredis} makes of your client. */
  readonly connection: RedisConnection;
  /**
   * With what all keys and channels begin: 1 to 64 letters, digits, `_`, `-`, `.` and `:`. Layers with
   * different ones share nothing. @defaultValue "sluice"
   */
  readonly prefix?: string;
  /**
   * What shows that Redis may have lost the end of its data, upon which histories go on in new epochs,
   * and nobody is recovered from before. `"replid"` is the id of its replication, and changes at every
   * restart and failover, and also when the first replica comes. `"runid"` is that of its process, and
   * misses what is lost by a failover to and fro. `"off"` is for a Redis that never loses what it has
   * confirmed: if it does, members miss messages without knowing. @defaultValue "replid"
   */
  readonly epochFence?: EpochFence;
  /**
   * How long nothing may come from a server until it is tried whether something would, in milliseconds.
   * A connection that is dead without saying so is noticed within three of these. @defaultValue 3 000
   */
  readonly probeInterval?: number;
}

const optionNames: readonly string[] = [
  "connection",
  "prefix",
  "epochFence",
  "probeInterval",
  ...brokerOptionNames,
];

/**
 * A channel layer for processes on many machines, over Redis 7 or newer: one server, one with replicas
 * and sentinels, or a cluster. Everybody who gives the same `prefix` is in one layer.
 *
 * It makes connections of its own, after the pattern of the user's client: two to each primary.
 * @throws UsageError `ERR_INVALID_OPTION` for an option out of range.
 */
export function redisLayer<M extends LayerMessage = LayerMessage>(
  options: RedisLayerOptions,
): ChannelLayer<M> {
  const check = new OptionCheck("redisLayer");
  check.names(options, optionNames);
  const { connection, prefix, epochFence, probeInterval, ...rest } = options;
  if (typeof (connection as Partial<RedisConnection> | undefined)?.open !== "function") {
    check.wrong("connection", connection, "made by fromNodeRedis or fromIoredis");
  }
  if (epochFence !== undefined) check.oneOf("epochFence", epochFence, epochFences);
  if (probeInterval !== undefined) check.whole("probeInterval", probeInterval, 1);
  const { timeout, backlog, clock } = rest;
  const given = { connection, prefix, epochFence, probeInterval, timeout, backlog, clock };
  return new BrokerLayer(new RedisBroker(given), rest, "redisLayer");
}
