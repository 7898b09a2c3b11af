import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Cluster, Redis } from "ioredis";
import { createClient, createCluster } from "redis";
import { fromIoredis, fromNodeRedis, type RedisConnection } from "sluice/layers/redis";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { RedisBroker } from "../../../src/layers/redis/redis-broker.ts";
import { describeWithRedis } from "./describe-with-redis.ts";
import { append, bytes, Notebook, plainRule, texts } from "../broker-checks.ts";
import { RedisProgram, startCluster } from "../../../brokers/redis-servers.ts";

const page = readFileSync(new URL("../../../docs/how-to/redis.md", import.meta.url), "utf8");

/** The rules that the guide gives, for one Redis and for a cluster. */
const rules = [...page.matchAll(/^ACL SETUSER sluice (.*)$/gm)].map(([, words = ""]) =>
  words.split(" "),
);

describeWithRedis("a user that may do only what docs/how-to/redis.md says", () => {
  const servers: RedisProgram[] = [];
  const ends: (() => unknown)[] = [];
  let single: RedisProgram;
  let cluster: RedisProgram[];

  beforeAll(async () => {
    single = await RedisProgram.start();
    cluster = await startCluster();
    servers.push(single, ...cluster);
    for (const server of servers) await server.command("ACL", "SETUSER", "sluice", ...rules[0]!);
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
  });

  const user = { username: "sluice", password: "secret" };

  const connections: Record<string, () => Promise<RedisConnection>> = {
    "one Redis, by redis": async () => {
      const client = createClient({ url: single.url, ...user });
      client.on("error", () => {});
      return fromNodeRedis(client);
    },
    "one Redis, by ioredis": async () =>
      fromIoredis(new Redis({ port: single.port, ...user, lazyConnect: true })),
    "a cluster, by redis": async () => {
      const rootNodes = cluster.map(({ url }) => ({ url }));
      const client = createCluster({ rootNodes, defaults: user });
      client.on("error", () => {});
      await client.connect();
      ends.push(() => client.destroy());
      return fromNodeRedis(client);
    },
    "a cluster, by ioredis": async () => {
      // What the client wants for itself.
      expect(page).toContain("`+cluster|info`");
      for (const node of cluster) await node.command("ACL", "SETUSER", "sluice", "+cluster|info");
      const nodes = cluster.map(({ address }) => address);
      const client = new Cluster(nodes, { redisOptions: user });
      ends.push(() => client.disconnect());
      await new Promise((resolve) => client.once("ready", resolve));
      return fromIoredis(client);
    },
  };

  it.each(Object.keys(connections))("can do all that a layer needs, on %s", async (name) => {
    expect(rules).toHaveLength(1);
    const broker = new RedisBroker({ connection: await connections[name]!() });
    const notes = new Notebook();
    broker.open(notes);
    ends.push(() => broker.close());
    for (const group of [randomUUID(), randomUUID(), randomUUID()]) {
      await broker.subscribe(`g${group}`);
      await broker.follow(group);
      await broker.publish(`g${group}`, bytes("sent"));
      const first = await append(broker, group, "kept", "id", { ...plainRule, size: 1 });
      expect(await append(broker, group, "kept", "id")).toEqual(first);
      const second = await append(broker, group, "other", "id 2", {
        ...plainRule,
        size: 1,
        ids: 1,
      });
      expect(texts(await broker.read(group, plainRule, first, 10))).toEqual(["other"]);
      await broker.read(group, { ...plainRule, ttl: 1 }, second, 10);
    }
    await notes.until(({ messages, items }) => messages.length === 3 && items.length >= 6);
    await broker.unsubscribe("gone");
  });

  it("can do nothing else", async () => {
    const client = createClient({ url: single.url, ...user });
    await client.connect();
    try {
      await expect(client.get("sluice:1:{gone}:meta")).rejects.toThrow(/NOPERM/);
      await expect(client.flushAll()).rejects.toThrow(/NOPERM/);
      await expect(client.hGet("other", "field")).rejects.toThrow(/NOPERM/);
    } finally {
      client.destroy();
    }
  });
});
