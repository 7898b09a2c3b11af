import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../brokers/free-port.ts";
import { NatsServer } from "../../brokers/nats-server.ts";
import { RedisProgram, startReplicated, until } from "../../brokers/redis-servers.ts";
import { type Engine, type EngineName, natsEngine, redisEngine } from "./engine.ts";
import { Proxy } from "./proxy.ts";
import type { Machine } from "./side.ts";

/** Something that goes wrong with an engine, again and again. */
export interface Fault {
  readonly name: string;
  readonly engine: EngineName;
  /** The name of the side to which alone it can happen. */
  readonly side?: string;
  /** Starts an engine to which it can happen. */
  start(): Promise<FaultyEngine>;
}

/** An engine to which something happens. */
export interface FaultyEngine {
  readonly engine: Engine;
  /** Lets it happen, while messages are sent; resolves when the engine is well again. */
  strike(machines: readonly Machine[]): Promise<void>;
}

/** How long messages are sent which are then lost, in milliseconds. */
const lossTime = 150;

/** What may happen. */
export const faults: readonly Fault[] = [
  { name: "killed, restarted from an old snapshot", engine: "redis", start: oldSnapshot },
  { name: "replaced by a replica that was behind", engine: "redis", start: replica },
  // Socket.IO reads a stream, and is not subscribed to messages.
  { name: "subscription overflows", engine: "redis", side: "sluice", start: overflow },
  { name: "restarted without its memory streams", engine: "nats", start: memoryLost },
];

/** Redis comes back with what it had a moment ago; what it confirmed since is lost. */
async function oldSnapshot(): Promise<FaultyEngine> {
  const server = await RedisProgram.start();
  return {
    engine: redisEngine(server),
    async strike() {
      await server.command("SAVE");
      await sleep(lossTime);
      await server.kill();
      await server.run();
    },
  };
}

/** A replica is promoted while its primary still confirms; then that is gone. */
async function replica(): Promise<FaultyEngine> {
  let { primary, replica } = await startReplicated();
  const proxy = await Proxy.open(primary.port);
  return {
    engine: {
      name: "redis",
      environment: { LAYER: "redis", REDIS_URL: `redis://127.0.0.1:${proxy.port}` },
      async stop() {
        proxy.close();
        await Promise.all([primary.stop(), replica.stop()]);
      },
    },
    async strike() {
      await replica.command("REPLICAOF", "NO", "ONE");
      await sleep(lossTime);
      proxy.target = replica.port;
      await primary.stop();
      const next = new RedisProgram(await freePort(), [
        ...["--repl-diskless-sync-delay", "0"],
        ...["--replicaof", `127.0.0.1 ${replica.port}`],
      ]);
      await next.run();
      await until(async () => (await next.info("replication", "master_link_status")) === "up");
      primary = replica;
      replica = next;
    },
  };
}

/**
 * A process does not read what Redis has for it, until that ends the subscription. What overflows it is
 * nothing that anybody understands; the messages of the run are lost with it.
 */
async function overflow(): Promise<FaultyEngine> {
  const server = await RedisProgram.start();
  await server.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 256kb 0 0");
  const subscriptions = async (): Promise<number> => {
    const list = String(await server.command("CLIENT", "LIST", "TYPE", "PUBSUB"));
    return list.split("\n").filter((line) => line !== "").length;
  };
  const noise = "x".repeat(1024 * 1024);
  return {
    engine: redisEngine(server),
    async strike([, machine]) {
      const before = await until(subscriptions);
      const channels = (await server.command("PUBSUB", "SHARDCHANNELS")) as string[];
      machine?.signal("SIGSTOP");
      try {
        await until(async () => {
          for (const channel of channels) await server.command("SPUBLISH", channel, noise);
          return (await subscriptions()) < before;
        });
      } finally {
        machine?.signal("SIGCONT");
      }
      await until(async () => (await subscriptions()) >= before);
    },
  };
}

/** NATS comes back, but not the streams that it held in memory. */
async function memoryLost(): Promise<FaultyEngine> {
  const server = await NatsServer.start();
  const engine = natsEngine(server);
  return {
    engine: { ...engine, environment: { ...engine.environment, NATS_STORAGE: "memory" } },
    async strike() {
      await sleep(lossTime);
      await server.kill();
      await server.start();
    },
  };
}
