import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Broker } from "../../../src/layers/broker/broker.ts";
import { RedisBroker } from "../../../src/layers/redis/redis-broker.ts";
import { slotOf } from "../../../src/layers/redis/slot.ts";
import type { Position } from "../../../src/layers/position.ts";
import { describeWithRedis } from "../../middleware/system/redis-server.ts";
import { append, bytes, Notebook, plainRule, text, texts } from "../broker-checks.ts";
import {
  type RedisProgram,
  startCluster,
  startReplicated,
  startSentinels,
  until,
} from "./redis-servers.ts";
import { clustered, libraries, type UserClient, watched } from "./topologies.ts";

describeWithRedis("a primary that is replaced under load", () => {
  describe.each(libraries)("with the package %s", (library) => {
    let servers: RedisProgram[];
    let client: UserClient;
    let brokers: Broker[];
    let group: string;

    beforeEach(() => {
      servers = [];
      brokers = [];
      group = randomUUID();
    });
    afterEach(async () => {
      for (const broker of brokers) await broker.close();
      client?.end();
      for (const server of servers) await server.stop();
    });

    function make(): [RedisBroker, Notebook] {
      const quick = { timeout: 1_000, probeInterval: 200 };
      const broker = new RedisBroker({ connection: client.connection, ...quick });
      const notes = new Notebook();
      broker.open(notes);
      brokers.push(broker);
      return [broker, notes];
    }

    /**
     * Appends one message after the other, each as often as it takes, while `fault` happens. Then all
     * that was delivered or can be read has to be what was sent, or the loss has to show.
     */
    async function load(fault: () => Promise<void>): Promise<void> {
      const rule = { ...plainRule, size: 10_000 };
      const [broker, notes] = make();
      const [sender] = make();
      await broker.follow(group);
      const acknowledged = new Map<string, string>();
      let isOver = false;
      let counted = 0;
      const sending = (async () => {
        while (!isOver) {
          const said = `${(counted += 1)}`;
          const position = await until(() => append(sender, group, said, said, rule));
          const place = `${position.epoch} ${position.offset}`;
          // No position is ever given to two messages.
          expect(acknowledged.get(place)).toBeUndefined();
          acknowledged.set(place, said);
        }
      })();
      await until(() => acknowledged.size > 20);
      await fault();
      const { size } = acknowledged;
      await until(() => acknowledged.size > size + 20);
      isOver = true;
      await sending;
      const last = await append(sender, group, "last", "last", rule);
      acknowledged.set(`${last.epoch} ${last.offset}`, "last");
      await until(async () => {
        // Whoever has heard of a loss reads; so does a layer.
        await append(sender, group, "tick", undefined, rule);
        return notes.items.some(({ epoch }) => epoch === last.epoch);
      });
      for (const { epoch, item, text: said } of notes.items) {
        const known = acknowledged.get(`${epoch} ${item.offset}`);
        if (known !== undefined) expect(said).toBe(known);
      }
      const start: Position = { epoch: last.epoch, offset: 0 };
      const slice = await broker.read(group, rule, start, 10_000);
      const epochs = new Set(notes.items.map(({ epoch }) => epoch));
      for (const { offset, data } of slice.items ?? []) {
        const known = acknowledged.get(`${slice.epoch} ${offset}`);
        if (known !== undefined) expect(text(data)).toBe(known);
      }
      expect(slice.items).toBeDefined();
      // Where the subscription was lost, it was told.
      const offsets = notes.items.map(({ item }) => item.offset);
      const isWhole = offsets.every(
        (offset, index) => index === 0 || offset === offsets[index - 1]! + 1,
      );
      expect(notes.misses > 0 || (epochs.size === 1 && isWhole)).toBe(true);
    }

    it("R-8: by Sentinel", async () => {
      const { primary, replica } = await startReplicated();
      const sentinels = await startSentinels(primary);
      servers.push(primary, replica, ...sentinels);
      await until(async () =>
        /num-slaves,1/.test(String(await sentinels[0]!.command("SENTINEL", "MASTER", "main"))),
      );
      client = await watched([primary, replica], sentinels).client(library);
      await load(async () => {
        await primary.kill();
        await until(async () => (await replica.info("replication", "role")) === "master");
      });
    });

    it("R-8: by the cluster itself", async () => {
      const nodes = await startCluster(3, 3);
      servers.push(...nodes);
      const owner = Math.floor(slotOf(`{g${group}}`) / Math.ceil(16_384 / 3));
      client = await clustered(nodes).client(library);
      await load(async () => {
        await nodes[owner]!.kill();
        await until(async () => (await nodes[owner + 3]!.info("replication", "role")) === "master");
      });
    });

    it("R-9: by moving its hash slots to another server", async () => {
      const nodes = await startCluster(3);
      servers.push(...nodes);
      const slot = slotOf(`{g${group}}`);
      const from = nodes[Math.floor(slot / Math.ceil(16_384 / 3))]!;
      const to = nodes.find((node) => node !== from)!;
      client = await clustered(nodes).client(library);
      await load(() => moveSlot(nodes, slot, from, to));
    });

    it("R-9: a silent listener hears again after its hash slot has moved, and is told", async () => {
      const nodes = await startCluster(3);
      servers.push(...nodes);
      client = await clustered(nodes).client(library);
      const [broker, notes] = make();
      const [sender] = make();
      await broker.subscribe(`g${group}`);
      await broker.follow(group);
      await broker.subscribe("a");
      const first = await append(sender, group, "first");
      const slot = slotOf(`{g${group}}`);
      const from = nodes[Math.floor(slot / Math.ceil(16_384 / 3))]!;
      const to = nodes.find((node) => node !== from)!;
      const { misses } = notes;
      await moveSlot(nodes, slot, from, to);
      await notes.until(() => notes.misses > misses);
      await until(() => append(sender, group, "second", "second"));
      await until(() => sender.publish(`g${group}`, bytes("hello")));
      await until(() => sender.publish("a", bytes("all")));
      await notes.until(({ messages, items }) => messages.length === 2 && items.length === 2);
      // Another primary has another fence, so the epoch is another one, too, though nothing was lost.
      const slice = await broker.read(group, plainRule, first, 10);
      expect(slice.items).toBeUndefined();
      expect(texts(await broker.read(group, plainRule, { ...slice, offset: 0 }, 10))).toEqual([
        "second",
      ]);
    });
  });
});

/** Moves one hash slot with its keys, as `redis-cli --cluster reshard` does. */
async function moveSlot(
  nodes: readonly RedisProgram[],
  slot: number,
  from: RedisProgram,
  to: RedisProgram,
): Promise<void> {
  const [source, target] = [
    await from.command("CLUSTER", "MYID"),
    await to.command("CLUSTER", "MYID"),
  ];
  await to.command("CLUSTER", "SETSLOT", `${slot}`, "IMPORTING", String(source));
  await from.command("CLUSTER", "SETSLOT", `${slot}`, "MIGRATING", String(target));
  await until(async () => {
    const keys = (await from.command("CLUSTER", "GETKEYSINSLOT", `${slot}`, "100")) as string[];
    const place = ["127.0.0.1", `${to.port}`];
    if (keys.length > 0) await from.command("MIGRATE", ...place, "", "0", "5000", "KEYS", ...keys);
    return keys.length === 0;
  });
  for (const node of [to, from, ...nodes.filter((each) => each !== to && each !== from)]) {
    await node.command("CLUSTER", "SETSLOT", `${slot}`, "NODE", String(target));
  }
}
