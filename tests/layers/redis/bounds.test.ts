import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type FullHistoryRule, messageCost } from "../../../src/layers/history-rule.ts";
import { RedisBroker } from "../../../src/layers/redis/redis-broker.ts";
import { describeWithRedis } from "./describe-with-redis.ts";
import { append, Notebook, plainRule, texts } from "../broker-checks.ts";
import { RedisProgram, until } from "../../../brokers/redis-servers.ts";
import { alone, type UserClient } from "./topologies.ts";

describeWithRedis("what is held in Redis", () => {
  let server: RedisProgram;
  let client: UserClient;
  let broker: RedisBroker;
  let group: string;

  beforeAll(async () => {
    server = await RedisProgram.start();
    client = await alone([server]).client("redis");
  });
  beforeEach(() => {
    broker = new RedisBroker({ connection: client.connection });
    broker.open(new Notebook());
    group = randomUUID();
  });
  afterEach(() => broker.close());
  afterAll(async () => {
    client?.end();
    await server?.stop();
  });

  const key = (kind: string): string => `sluice:1:{g${group}}:${kind}`;
  const fields = async (kind: string): Promise<string[]> =>
    ((await server.command("HKEYS", key(kind))) as string[]).sort();

  async function held(rule: FullHistoryRule): Promise<string[] | undefined> {
    const { epoch, top, oldest } = await broker.read(group, rule, undefined, 1);
    return texts(await broker.read(group, rule, { epoch, offset: (oldest ?? top + 1) - 1 }, 1_000));
  }

  it("is as many messages as the rule says, and nothing of those before", async () => {
    const rule = { ...plainRule, size: 3 };
    for (const said of ["1", "2", "3", "4", "5"])
      await append(broker, group, said, undefined, rule);
    expect(await held(rule)).toEqual(["3", "4", "5"]);
    expect(await fields("log")).toEqual(["bytes", "low", "m3", "m4", "m5", "t3", "t4", "t5"]);
  });

  it("is as many bytes as the rule says, each message with its cost, and at least the newest", async () => {
    const rule = { ...plainRule, bytes: 3 * messageCost + 300 };
    for (const said of ["a", "b", "c"]) {
      await append(broker, group, said.repeat(100), undefined, rule);
    }
    expect(await held(rule)).toHaveLength(3);
    await append(broker, group, "d", undefined, rule);
    expect((await held(rule))!.map((said) => said.length)).toEqual([100, 100, 1]);
    await append(broker, group, "e".repeat(5_000), undefined, rule);
    expect((await held(rule))!.map((said) => said.length)).toEqual([5_000]);
    const counted = Number(await server.command("HGET", key("log"), "bytes"));
    expect(counted).toBe(5_000 + messageCost);
    await append(broker, group, "f", undefined, rule);
    expect(await held(rule)).toEqual(["f"]);
  });

  it("goes by itself when it is too old, and the epoch stays", async () => {
    const rule = { ...plainRule, ttl: 100, idWindow: 100 };
    const first = await append(broker, group, "1", "id", rule);
    await until(async () => (await server.command("EXISTS", key("log"), key("ids"))) === 0);
    const slice = await broker.read(group, rule, first, 10);
    expect(slice).toEqual({ epoch: first.epoch, top: 1, oldest: undefined, items: [] });
    expect(await broker.read(group, rule, { ...first, offset: 0 }, 10)).toMatchObject({
      items: undefined,
    });
    expect(await append(broker, group, "2", "id", rule)).toEqual({ ...first, offset: 2 });
    expect(Number(await server.command("PTTL", key("meta")))).toBeGreaterThan(3_600_000);
  });

  it("goes one by one when only the oldest are too old", async () => {
    const rule = { ...plainRule, ttl: 400 };
    await append(broker, group, "1", undefined, rule);
    await until(async () => Number(await server.command("PTTL", key("log"))) < 200);
    await append(broker, group, "2", undefined, rule);
    await until(async () => (await held(rule))?.length === 1);
    expect(await held(rule)).toEqual(["2"]);
    expect(await fields("log")).toEqual(["bytes", "low", "m2", "t2"]);
  });

  it("is as many ids as the rule says, the latest", async () => {
    const rule = { ...plainRule, ids: 2 };
    const first = await append(broker, group, "1", "one", rule);
    await append(broker, group, "2", "two", rule);
    const third = await append(broker, group, "3", "three", rule);
    expect(await append(broker, group, "again", "three", rule)).toEqual(third);
    expect(await append(broker, group, "new", "one", rule)).not.toEqual(first);
    expect(await fields("ids")).toEqual(["first", "ione", "ithree", "last", "n3", "n4"]);
    await append(broker, group, "no ids", "zero", { ...plainRule, ids: 0 });
    expect(await fields("ids")).toEqual(["first", "last"]);
  });
});
