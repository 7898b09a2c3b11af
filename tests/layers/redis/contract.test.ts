import { randomBytes } from "node:crypto";
import type { ChannelLayer } from "sluice";
import { type RedisLayerOptions, redisLayer } from "sluice/layers/redis";
import { layerChecks } from "sluice/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { describeWithRedis } from "./describe-with-redis.ts";
import { Gate } from "./gate.ts";
import { until } from "../../../brokers/redis-servers.ts";
import {
  libraries,
  type Library,
  type Topology,
  topologies,
  type UserClient,
} from "./topologies.ts";

const encryption = { keys: [{ id: "first", key: new Uint8Array(randomBytes(32)) }] };
const history = [{ groups: "kept.*", size: 10, ttl: 1_000, idWindow: 1_000 }];

/** What is tried where. To the clients a primary with a replica is one Redis, so there we encrypt. */
const settings: readonly {
  readonly name: keyof typeof topologies;
  readonly libraries: readonly Library[];
  readonly options: Partial<RedisLayerOptions>;
}[] = [
  { name: "one Redis", libraries, options: { history } },
  { name: "a primary with a replica", libraries: ["redis"], options: { history, encryption } },
  { name: "Sentinel", libraries, options: { history } },
  { name: "Redis Cluster", libraries, options: { history } },
];

for (const { name, libraries: tried, options } of settings) {
  describeWithRedis(`the contract over ${name}`, () => {
    let topology: Topology;
    beforeAll(async () => {
      topology = await topologies[name]();
    });
    afterAll(async () => {
      for (const server of topology?.servers ?? []) await server.stop();
    });

    // They wait for most of the time, and each has names of its own.
    describe.concurrent.each(tried)("two processes with the package %s", (library) => {
      let client: UserClient;
      beforeAll(async () => {
        client = await topology.client(library);
      });
      afterAll(() => client?.end());

      for (const check of layerChecks) {
        it(check.name, async () => {
          const prefix = `t-${randomBytes(6).toString("hex")}`;
          const errors: unknown[] = [];
          const gate = new Gate(client.connection);
          const onError = (error: unknown) => void errors.push(error);
          const rules = { capacity: 7, expiry: 300, presenceInterval: 20 };
          const all = { prefix, ...rules, onError, ...options };
          const layer = redisLayer({ connection: gate, ...all });
          const other = redisLayer({ connection: client.connection, ...all });
          try {
            await acquaint(layer, other);
            await check.run({
              layer,
              other,
              capacity: 7,
              expire: () => pass(310),
              history: { prefix: "kept.", size: 10, expire: () => pass(1_050) },
              outage: {
                begin: async () => gate.shut(),
                async end() {
                  gate.unlock();
                  await reach(layer);
                },
              },
              eventually: (assertion) => vi.waitFor(assertion, { timeout: 10_000, interval: 10 }),
            });
            expect(errors).toEqual([]);
          } finally {
            gate.unlock();
            await Promise.all([layer.close(), other.close()]);
          }
        });
      }
    });
  });
}

/** Lets two processes that begin at the same time know each other. */
async function acquaint(...layers: ChannelLayer[]): Promise<void> {
  const channels = layers.map((layer) => layer.channel({ deliver() {} }));
  await Promise.all(layers.map((layer, index) => layer.join("known", channels[index]!)));
  for (const layer of layers) {
    await until(async () => (await layer.groupCount("known")) === layers.length);
  }
  await Promise.all(channels.map((channel) => channel.close()));
}

/** Resolves when a layer can be used, whatever the group: each server of a cluster has some of these. */
async function reach(layer: ChannelLayer): Promise<void> {
  const channel = layer.channel({ deliver() {} });
  const groups = Array.from({ length: 32 }, (_, index) => `kept.known-${index}`);
  await until(() => Promise.all(groups.map((group) => layer.join(group, channel))));
  await channel.close();
}

/** What the server's own clock has to do cannot be turned. */
function pass(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time));
}
