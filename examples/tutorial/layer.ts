import { type ChannelLayer, memoryLayer } from "sluice";
import { clusterLayer } from "sluice/layers/cluster";
import { history } from "./history.ts";

/** The layers that the site runs on, by the names that LAYER gives them. Nothing else knows which. */
const engines: Readonly<Record<string, () => ChannelLayer | Promise<ChannelLayer>>> = {
  /** One process, and nothing beside it. */
  memory: () => memoryLayer({ history }),
  /** Several processes of one machine: `npm start` starts them. */
  cluster: () => clusterLayer({ history }),
  /** Any number of machines, by way of the Redis at REDIS_URL. */
  async redis() {
    const { REDIS_URL: url = "redis://127.0.0.1:6379" } = process.env;
    const { createClient } = await import("redis");
    const { fromNodeRedis, redisLayer } = await import("sluice/layers/redis");
    return redisLayer({ connection: fromNodeRedis(createClient({ url })), history });
  },
  /** The same, by way of the NATS server at NATS_URL, which needs JetStream. */
  async nats() {
    const { NATS_URL: servers = "nats://127.0.0.1:4222" } = process.env;
    const { connect } = await import("@nats-io/transport-node");
    const { natsLayer } = await import("sluice/layers/nats");
    const connection = await connect({ servers, maxReconnectAttempts: -1 });
    return natsLayer({ connection, history });
  },
};

/** The names that {@link createLayer} knows. */
export const layerNames: readonly string[] = Object.keys(engines);

/** Makes the layer of that name; undefined for a name that none has. */
export async function createLayer(name: string): Promise<ChannelLayer | undefined> {
  return Object.hasOwn(engines, name) ? engines[name]?.() : undefined;
}
