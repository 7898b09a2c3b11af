import { Cluster, Redis } from "ioredis";
import { createClient, createCluster, createSentinel } from "redis";
import type { RedisConnection } from "../../../src/layers/redis/connection.ts";
import { fromIoredis } from "../../../src/layers/redis/ioredis.ts";
import { fromNodeRedis } from "../../../src/layers/redis/node-redis.ts";
import {
  RedisProgram,
  startCluster,
  startReplicated,
  startSentinels,
} from "../../../brokers/redis-servers.ts";

/** Redis as somebody runs it, with both clients for it. */
export interface Topology {
  readonly servers: readonly RedisProgram[];
  /** The user's client, connected, and how it is ended. */
  client(library: Library): Promise<UserClient>;
}

/** A client of a user, and what is made of it. */
export interface UserClient {
  readonly connection: RedisConnection;
  /** Asks something by the user's client itself. */
  ping(): Promise<unknown>;
  end(): void;
}

/** The package that a client is of. */
export type Library = "redis" | "ioredis";

export const libraries = ["redis", "ioredis"] as const;

/** The ways to run Redis. */
export const topologies = {
  "one Redis": async (): Promise<Topology> => alone([await RedisProgram.start()]),
  "a primary with a replica": async (): Promise<Topology> => {
    const { primary, replica } = await startReplicated();
    return alone([primary, replica]);
  },
  Sentinel: async (): Promise<Topology> => {
    const { primary, replica } = await startReplicated();
    return watched([primary, replica], await startSentinels(primary));
  },
  "Redis Cluster": async (): Promise<Topology> => clustered(await startCluster()),
} as const;

/** Where a server can be reached. */
export interface Place {
  readonly port: number;
  readonly url: string;
}

/** One primary at a known place: the first of these servers. */
export function alone(servers: readonly [Place, ...RedisProgram[]]): Topology {
  const [{ port, url }] = servers;
  return {
    servers: servers.filter((server) => server instanceof RedisProgram),
    async client(library) {
      if (library === "ioredis") {
        const client = new Redis(port, { retryStrategy: () => 100 });
        client.on("error", () => {});
        return {
          connection: fromIoredis(client),
          ping: () => client.ping(),
          end: () => client.disconnect(),
        };
      }
      const client = createClient({ url });
      client.on("error", () => {});
      await client.connect();
      return {
        connection: fromNodeRedis(client),
        ping: () => client.ping(),
        end: () => client.destroy(),
      };
    },
  };
}

/** A primary that sentinels know. */
export function watched(
  servers: readonly RedisProgram[],
  sentinels: readonly RedisProgram[],
): Topology {
  const sentinelRootNodes = sentinels.map(({ address }) => address);
  return {
    servers: [...servers, ...sentinels],
    async client(library) {
      if (library === "ioredis") {
        const client = new Redis({ sentinels: sentinelRootNodes, name: "main" });
        client.on("error", () => {});
        return {
          connection: fromIoredis(client),
          ping: () => client.ping(),
          end: () => client.disconnect(),
        };
      }
      const client = createSentinel({ name: "main", sentinelRootNodes, scanInterval: 200 });
      client.on("error", () => {});
      await client.connect();
      return {
        connection: fromNodeRedis(client),
        ping: () => client.ping(),
        end: () => void client.destroy().catch(() => {}),
      };
    },
  };
}

/** The servers of a cluster. */
export function clustered(servers: readonly RedisProgram[]): Topology {
  return {
    servers,
    async client(library) {
      if (library === "ioredis") {
        const client = new Cluster(servers.map(({ address }) => address));
        client.on("error", () => {});
        await new Promise((resolve) => client.once("ready", resolve));
        return {
          connection: fromIoredis(client),
          ping: () => client.get("nothing"),
          end: () => client.disconnect(),
        };
      }
      const client = createCluster({ rootNodes: servers.map(({ url }) => ({ url })) });
      client.on("error", () => {});
      await client.connect();
      return {
        connection: fromNodeRedis(client),
        ping: () => client.get("nothing"),
        end: () => client.destroy(),
      };
    },
  };
}
