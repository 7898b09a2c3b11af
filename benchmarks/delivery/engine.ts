import { NatsServer } from "../../brokers/nats-server.ts";
import { RedisProgram } from "../../brokers/redis-servers.ts";

/** What the processes of a run are joined by. */
export const engineNames = ["memory", "cluster", "redis", "nats"] as const;

/** One of them: nothing, the primary process of `node:cluster`, or a server of its own. */
export type EngineName = (typeof engineNames)[number];

/** An engine that runs. */
export interface Engine {
  readonly name: EngineName;
  /** Tells servers where it is. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts one. Its program has to be there: {@link programs}. */
export async function startEngine(name: EngineName): Promise<Engine> {
  if (name === "redis") return redisEngine(await RedisProgram.start());
  if (name === "nats") return natsEngine(await NatsServer.start());
  return { name, environment: { LAYER: name }, stop: async () => {} };
}

/** A Redis as an engine. */
export function redisEngine(server: RedisProgram): Engine {
  return {
    name: "redis",
    environment: { LAYER: "redis", REDIS_URL: server.url },
    stop: () => server.stop(),
  };
}

/** A NATS server as an engine. */
export function natsEngine(server: NatsServer): Engine {
  return {
    name: "nats",
    environment: { LAYER: "nats", NATS_URL: `nats://127.0.0.1:${server.port}` },
    stop: () => server.stop(),
  };
}
