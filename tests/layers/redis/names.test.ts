import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisLayer } from "sluice/layers/redis";
import { Names } from "../../../src/layers/redis/names.ts";
import { slotOf } from "../../../src/layers/redis/slot.ts";
import { readSlots } from "../../../src/layers/redis/slots.ts";
import { describeWithRedis } from "./describe-with-redis.ts";
import { RedisProgram } from "../../../brokers/redis-servers.ts";

/** Names of groups that would like to be somebody else's. */
const groups = [
  "a",
  "a}",
  "{a}",
  "}a",
  "{",
  "}",
  "{}",
  "a}:meta",
  "a}:kept",
  "a}:log}",
  "ga",
  "é",
  "🛶",
];

describe("the names of keys and channels", () => {
  const names = new Names("sluice");

  it("are different for all that is different", () => {
    const all = groups.flatMap((group) => [
      names.channel(`g${group}`),
      names.channel(`n${group}`),
      names.keptChannel(group),
      names.metaKey(group),
      names.logKey(group),
      names.idsKey(group),
    ]);
    all.push(names.channel("a"), names.probeChannel("a", 1), names.probeChannel("a", 2));
    all.push(new Names("other").channel("a"), new Names("sluice:1").channel("a"));
    expect(new Set(all).size).toBe(all.length);
  });

  it("of one group have one hash slot", () => {
    for (const group of groups) {
      const keys = [names.keptChannel(group), names.metaKey(group), names.logKey(group)];
      const slots = [...keys, names.idsKey(group), names.channel(`g${group}`)].map(slotOf);
      expect(new Set(slots).size).toBe(1);
    }
  });

  it("begin with a prefix that Redis Cluster does not misread, or the layer is not made", () => {
    const connection = {
      isCluster: false,
      addresses: () => [],
      open: () => new Promise<never>(() => {}),
    };
    for (const prefix of ["", "{a}", "a b", "x".repeat(65)]) {
      expect(() => redisLayer({ connection, prefix })).toThrow(/option prefix is .*letters/);
    }
    expect(() => redisLayer({ connection, epochFence: "on" as "off" })).toThrow(/epochFence/);
    expect(() => redisLayer({ connection, probeInterval: 0 })).toThrow(
      /probeInterval of redisLayer is 0/,
    );
    expect(() => redisLayer({ connection: {} as typeof connection })).toThrow(/fromNodeRedis/);
  });
});

describeWithRedis("hash slots", () => {
  let server: RedisProgram;
  beforeAll(async () => {
    server = await RedisProgram.start(["--cluster-enabled", "yes"]);
  });
  afterAll(() => server?.stop());

  it("are those that Redis says", async () => {
    for (const key of [...groups, ...groups.map((group) => `x{${group}}y`), "", "{}x", "a{}{b}"]) {
      expect([key, slotOf(key)]).toEqual([key, await server.command("CLUSTER", "KEYSLOT", key)]);
    }
  });
});

describe("the answer to CLUSTER SLOTS", () => {
  const asked = { host: "10.0.0.1", port: 6379 };

  it("names the primary of each range, by the address that was asked if it does not know its own", () => {
    const answer = [
      [0, 99, [Buffer.from("10.0.0.2"), 7000, Buffer.from("id")], ["10.0.0.3", 7001, "id"]],
      [100, 200, [null, 7002, "id"]],
      [201, 300, ["", 7003, "id"]],
    ];
    expect(readSlots(answer, asked)).toEqual([
      { first: 0, last: 99, address: { host: "10.0.0.2", port: 7000 } },
      { first: 100, last: 200, address: { host: "10.0.0.1", port: 7002 } },
      { first: 201, last: 300, address: { host: "10.0.0.1", port: 7003 } },
    ]);
  });

  it("may be anything, of which only what makes sense is taken", () => {
    for (const answer of [null, "OK", 1, [1], [[]], [[0, "x", ["h", 1]]], [[0, 1]], [[0, 1, []]]]) {
      expect(readSlots(answer, asked)).toEqual([]);
    }
  });
});
