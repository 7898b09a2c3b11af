import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe } from "vitest";
import { fromIoredis } from "../../../src/layers/redis/ioredis.ts";
import { fromNodeRedis } from "../../../src/layers/redis/node-redis.ts";
import { RedisBroker } from "../../../src/layers/redis/redis-broker.ts";
import { describeWithRedis } from "../../middleware/system/redis-server.ts";
import { brokerChecks } from "../broker-checks.ts";
import { RedisProgram } from "./redis-servers.ts";

describeWithRedis("a broker on one Redis", () => {
  let server: RedisProgram;
  beforeAll(async () => {
    server = await RedisProgram.start();
  });
  afterAll(() => server?.stop());

  describe("by the package redis", () => {
    brokerChecks(() => {
      const client = createClient({ url: server.url });
      return new RedisBroker({ connection: fromNodeRedis(client) });
    });
  });

  describe("by the package ioredis", () => {
    brokerChecks(() => {
      const client = new Redis(server.port, { lazyConnect: true });
      return new RedisBroker({ connection: fromIoredis(client) });
    });
  });
});
