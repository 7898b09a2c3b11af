import { type ChannelLayer, memoryLayer } from "sluice";
import { clusterLayer } from "sluice/layers/cluster";
import { natsLayer } from "sluice/layers/nats";
import { fromNodeRedis, redisLayer } from "sluice/layers/redis";
import { history } from "./history.ts";

/** The layers that the site runs on, by the names that LAYER gives them. Nothing else knows which. */
const engines: Readonly<Record<string, () => ChannelLayer | Promise<ChannelLayer>>> = {
  /** One process, and nothing beside it. */
  memory: () => memoryLayer({ history }),
  /** Several processes of one machine: `npm start` starts them. */
  cluster: () => clusterLayer({ history }),
  /** Any number of machines, by way of the Redis at REDIS_URL. */
  redis: overRedis,
  /** The same, by way of the NATS server at NATS_URL, which needs JetStream. */
  nats: overNats,
};

/** The names that {@link createLayer} knows. */
export const layerNames: readonly string[] = Object.keys(engines);

/**
 * Makes the layer of that name; undefined for a name that none has.
 * @throws LayerAway if what the layer needs is not there.
 */
export function createLayer(name: string): ChannelLayer | Promise<ChannelLayer> | undefined {
  return Object.hasOwn(engines, name) ? engines[name]?.() : undefined;
}

/** What a layer needs is not there to begin with. Later it may come and go. */
export class LayerAway extends Error {}

async function overRedis(): Promise<ChannelLayer> {
  // Only who runs on Redis needs its client.
  const { createClient } = await import("redis");
  const { REDIS_URL: url = "redis://127.0.0.1:6379" } = process.env;
  let wasThere = false;
  const client = createClient({
    url,
    socket: {
      reconnectStrategy: (retries, cause) => (wasThere ? Math.min(2_000, retries * 100) : cause),
    },
  });
  // It comes back by itself, and the layer tells the pages meanwhile.
  client.on("error", () => {});
  await client.connect().catch((error: unknown) => away("REDIS_URL", url, error));
  wasThere = true;
  return redisLayer({ connection: fromNodeRedis(client), history });
}

async function overNats(): Promise<ChannelLayer> {
  const { connect } = await import("@nats-io/transport-node");
  const { NATS_URL: servers = "nats://127.0.0.1:4222" } = process.env;
  const options = { servers, maxReconnectAttempts: -1, reconnectTimeWait: 200 };
  const connection = await connect(options).catch((error: unknown) =>
    away("NATS_URL", servers, error),
  );
  return natsLayer({ connection, history });
}

/** Says where nobody was found. An address may hold a password, which is not for the log. */
function away(variable: string, url: string, cause: unknown): never {
  const place = URL.canParse(url) ? new URL(url).host : "the address";
  const { message } = cause as Error;
  throw new LayerAway(`nothing answers at ${place} (${message}); start it, or set ${variable}`, {
    cause,
  });
}
