/**
 * A channel layer for processes on many machines, over Redis: one server, sentinels, or a cluster.
 *
 * ```ts
 * import { createClient } from "redis";
 * import { serve } from "sluice";
 * import { fromNodeRedis, redisLayer } from "sluice/layers/redis";
 *
 * const client = await createClient({ url: "redis://redis.internal" }).connect();
 * const layer = redisLayer({ connection: fromNodeRedis(client) });
 * await serve({ websocket: Chat, layer, port: 8000 });
 * ```
 *
 * @packageDocumentation
 */
export {
  type BrokerDiagnostics,
  brokerDiagnosticNames,
  type IgnoreReason,
} from "../broker/diagnostics.ts";
export type { BrokerLayerOptions } from "../broker/options.ts";
export type { EncryptionKey, EncryptionOptions } from "../broker/sealer.ts";
export type { LinkEvents, RedisAddress, RedisConnection, RedisLink } from "./connection.ts";
export { fromIoredis, type IoredisCluster, type IoredisClient } from "./ioredis.ts";
export {
  fromNodeRedis,
  type NodeRedisCluster,
  type NodeRedisClusterNode,
  type NodeRedisSentinel,
  type NodeRedisClient,
} from "./node-redis.ts";
export type { EpochFence } from "./redis-broker.ts";
export { type RedisLayerOptions, redisLayer } from "./redis-layer.ts";
