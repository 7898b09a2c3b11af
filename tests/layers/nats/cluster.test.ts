import { randomBytes } from "node:crypto";
import type { NatsConnection } from "@nats-io/transport-node";
import type { ChannelLayer } from "sluice";
import { type NatsLayerOptions, natsLayer } from "sluice/layers/nats";
import { layerChecks } from "sluice/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { acquaint, pass } from "./acquaint.ts";
import { eventually } from "./ears.ts";
import { NatsCluster } from "./nats-cluster.ts";
import { describeWithNats } from "./describe-with-nats.ts";
import { note, Reader } from "./reader.ts";

const history = [{ groups: "kept.*", size: 100 }];

describeWithNats("three NATS servers", () => {
  let cluster: NatsCluster;
  const ends: (() => Promise<unknown>)[] = [];
  let prefix = "";

  beforeAll(async () => {
    cluster = await NatsCluster.start();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(() => cluster?.stop());

  async function processOf(
    index: number,
    options: Partial<NatsLayerOptions> = {},
  ): Promise<{ layer: ChannelLayer; connection: NatsConnection }> {
    const connection = await cluster.servers[index]!.connect({ ignoreClusterUpdates: true });
    const layer = natsLayer({ connection, prefix, timeout: 2_000, history, ...options });
    ends.push(async () => {
      await layer.close();
      await connection.close();
    });
    return { layer, connection };
  }

  async function send(layer: ChannelLayer, group: string, text: unknown): Promise<string> {
    let position = "";
    await eventually(async () => {
      try {
        position = (await layer.groupSend(group, note(text), { id: String(text) })) ?? "";
      } catch (error) {
        expect(error).toMatchObject({ code: "ERR_LAYER_UNREACHABLE", temporary: true });
        throw error;
      }
    }, 30_000);
    return position;
  }

  /** The stream of the layer, and the server that leads it. */
  async function leaderOf(connection: NatsConnection): Promise<number> {
    const names = await connection.request("$JS.API.STREAM.NAMES", JSON.stringify({}));
    const name = names
      .json<{ streams: string[] }>()
      .streams.find((each) => each.startsWith(`${prefix}-`))!;
    const info = await connection.request(`$JS.API.STREAM.INFO.${name}`);
    return Number(info.json<{ cluster: { leader: string } }>().cluster.leader.slice(1));
  }

  function fresh(): void {
    prefix = `t-${randomBytes(6).toString("hex")}`;
  }

  it("carry messages between processes that are connected to different ones", async () => {
    fresh();
    const [one, two] = [await processOf(0), await processOf(1)];
    const member = new Reader(two.layer);
    await two.layer.join("room", member.channel);
    await eventually(async () => {
      await one.layer.groupSend("room", note("hello"));
      expect(member.texts).toContain("hello");
    });
    expect(await one.layer.groupCount("room")).toBe(1);
  });

  // Between servers a subscription is known a moment after it is confirmed, so that what is sent to a
  // group without a history may be missed. Whoever reads a history has asked its leader, behind it.
  const checks = layerChecks.filter(
    ({ needs, name }) => needs !== "outage" && !/too old|forgotten|for a while/.test(name),
  );
  it.each(checks)("keep the promise: $name", async (check) => {
    fresh();
    const rules = { capacity: 7, expiry: 300, presenceInterval: 20, jetstream: { replicas: 3 } };
    const kept = { ...rules, history: [{ groups: "kept.*", size: 10 }] };
    const away = check.needs === "history" ? 1 : 0;
    const [one, two] = [await processOf(0, kept), await processOf(away, kept)];
    await acquaint(one.layer, two.layer);
    await check.run({
      layer: one.layer,
      other: two.layer,
      capacity: 7,
      expire: () => pass(300),
      history: { prefix: "kept.", size: 10, expire: () => pass(0) },
      eventually,
    });
  });

  it("keep a history on three of them, through the end of its leader and the loss of two", async () => {
    fresh();
    const options = { jetstream: { replicas: 3 } };
    const { layer: one, connection } = await processOf(0, options);
    const member = new Reader(one);
    await eventually(() => one.join("kept.1", member.channel).then(() => {}), 30_000);
    const first = await send(one, "kept.1", 1);
    const leader = await leaderOf(connection);
    // The one that we are connected to stays.
    const victims = [1, 2].sort((a, b) => Number(b === leader) - Number(a === leader));
    await cluster.servers[victims[0]!]!.kill();
    await send(one, "kept.1", 2);
    await cluster.servers[victims[1]!]!.kill();
    const begun = performance.now();
    await expect(one.groupSend("kept.1", note("lost?"), { id: "3" })).rejects.toMatchObject({
      code: "ERR_LAYER_UNREACHABLE",
      temporary: true,
    });
    expect(performance.now() - begun).toBeLessThan(8_000);
    await Promise.all(victims.map((victim) => cluster.servers[victim]!.start()));
    await send(one, "kept.1", 3);
    await send(one, "kept.1", 4);
    await eventually(() => expect(member.texts.at(-1)).toBe(4), 20_000);
    expect(member.gaps).toEqual([]);
    expect(member.texts.filter((text) => typeof text === "number")).toEqual(
      member.texts.includes("lost?") ? [1, 2, 4] : [1, 2, 3, 4],
    );
    const late = new Reader(one);
    const { recovered } = await one.join("kept.1", late.channel, { since: first });
    expect(recovered).toBe(true);
    await eventually(() => expect(late.texts).toEqual(member.texts.slice(1)));
  });

  it("lose what only one held in memory, though it keeps its name and its date: members hear so", async () => {
    fresh();
    const options = { jetstream: { storage: "memory" } } as const;
    const { layer: scout, connection } = await processOf(0, options);
    const before: string[] = [];
    for (const text of [1, 2, 3]) before.push(await send(scout, "kept.1", text));
    const leader = await leaderOf(connection);
    const { layer: one } = await processOf((leader + 1) % 3, options);
    const member = new Reader(one);
    await one.join("kept.1", member.channel);
    before.push(await send(one, "kept.1", 4));
    await eventually(() => expect(member.texts).toEqual([4]));
    await cluster.servers[leader]!.kill();
    await cluster.servers[leader]!.start();
    const after: string[] = [];
    for (const text of [5, 6, 7, 8]) after.push(await send(one, "kept.1", text));
    await eventually(() => expect(member.gaps.length).toBeGreaterThan(0), 20_000);
    after.push(await send(one, "kept.1", 9));
    await eventually(() => expect(member.texts.at(-1)).toBe(9));
    expect(new Set([...before, ...after]).size).toBe(9);
    expect(new Set(member.positions).size).toBe(member.positions.length);
    const late = new Reader(one);
    for (const since of before) {
      expect((await one.join("kept.1", late.channel, { since })).recovered).toBe(false);
    }
  });
});
