import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Address, Broker } from "../../../src/layers/broker/broker.ts";
import { RedisBroker } from "../../../src/layers/redis/redis-broker.ts";
import { slotOf } from "../../../src/layers/redis/slot.ts";
import { describeWithRedis } from "./describe-with-redis.ts";
import { append, bytes, Notebook, plainRule, text, texts } from "../broker-checks.ts";
import { type RedisProgram, startCluster, until } from "../../../brokers/redis-servers.ts";
import { clustered, libraries, type UserClient } from "./topologies.ts";

describeWithRedis("a hash slot that moves to another server", () => {
  let nodes: RedisProgram[];

  beforeAll(async () => {
    nodes = await startCluster(3);
  });
  afterAll(async () => {
    for (const node of nodes ?? []) await node.stop();
  });

  describe.each(libraries)("with the package %s", (library) => {
    let client: UserClient;
    let brokers: Broker[];
    let group: string;

    beforeEach(async () => {
      brokers = [];
      group = randomUUID();
      client = await clustered(nodes).client(library);
    });
    afterEach(async () => {
      for (const broker of brokers) await broker.close();
      client?.end();
    });

    function make(): [RedisBroker, Notebook] {
      const quick = { timeout: 1_000, probeInterval: 200 };
      const broker = new RedisBroker({ connection: client.connection, ...quick });
      const notes = new Notebook();
      broker.open(notes);
      brokers.push(broker);
      return [broker, notes];
    }

    it("R-9: costs a sender some refusals, and no position is given twice", async () => {
      const rule = { ...plainRule, size: 10_000 };
      const [broker, notes] = make();
      const [sender] = make();
      await broker.follow(group);
      const confirmed = new Map<string, string>();
      let isOver = false;
      const sending = (async () => {
        for (let count = 0; !isOver; count += 1) {
          const position = await until(() => append(sender, group, `${count}`, `${count}`, rule));
          const place = `${position.epoch} ${position.offset}`;
          expect(confirmed.get(place)).toBeUndefined();
          confirmed.set(place, `${count}`);
        }
      })();
      await until(() => confirmed.size > 20);
      await moveSlot(nodes, slotOf(`{g${group}}`));
      const { size } = confirmed;
      await until(() => confirmed.size > size + 20);
      isOver = true;
      await sending;
      await notes.until(({ misses }) => misses > 0);
      const slice = await broker.read(group, rule, undefined, 1);
      const all = await broker.read(group, rule, { ...slice, offset: 0 }, 10_000);
      expect(all.items!.length).toBeGreaterThan(20);
      for (const { offset, data } of all.items!) {
        expect(text(data)).toBe(confirmed.get(`${all.epoch} ${offset}`));
      }
      for (const { epoch, item, text: said } of notes.items) {
        expect(said).toBe(confirmed.get(`${epoch} ${item.offset}`));
      }
    });

    it("R-9: a silent listener hears again after its hash slot has moved, and is told", async () => {
      const [broker, notes] = make();
      const [sender] = make();
      await broker.subscribe(`g${group}`);
      await broker.follow(group);
      await broker.subscribe("a");
      const first = await append(sender, group, "first");
      const { misses } = notes;
      await moveSlot(nodes, slotOf(`{g${group}}`));
      await notes.until(() => notes.misses > misses);
      // Not all servers learn of it at once: it may miss more, of which it is told, too.
      const heard = (address: Address, said: string): Promise<boolean> =>
        until(async () => {
          await sender.publish(address, bytes(said));
          return notes.messages.some((message) => message[0] === address && message[1] === said);
        });
      await heard(`g${group}`, "hello");
      await heard("a", "all");
      await until(() => append(sender, group, "second", "second"));
      await notes.until(({ items }) => items.length === 2);
      // Another primary has another fence, so the epoch is another one, too, though nothing was lost.
      const slice = await broker.read(group, plainRule, first, 10);
      expect(slice.items).toBeUndefined();
      expect(texts(await broker.read(group, plainRule, { ...slice, offset: 0 }, 10))).toEqual([
        "second",
      ]);
    });
  });
});

/** Moves a hash slot with its keys to another server, as `redis-cli --cluster reshard` does. */
async function moveSlot(nodes: readonly RedisProgram[], slot: number): Promise<void> {
  const [from, to] = await ownerOf(nodes, slot);
  const ids = [await from.command("CLUSTER", "MYID"), await to.command("CLUSTER", "MYID")];
  await to.command("CLUSTER", "SETSLOT", `${slot}`, "IMPORTING", String(ids[0]));
  await from.command("CLUSTER", "SETSLOT", `${slot}`, "MIGRATING", String(ids[1]));
  await until(async () => {
    const keys = (await from.command("CLUSTER", "GETKEYSINSLOT", `${slot}`, "100")) as string[];
    const place = ["127.0.0.1", `${to.port}`];
    if (keys.length > 0) await from.command("MIGRATE", ...place, "", "0", "5000", "KEYS", ...keys);
    return keys.length === 0;
  });
  for (const node of [to, from, ...nodes.filter((each) => each !== to && each !== from)]) {
    await node.command("CLUSTER", "SETSLOT", `${slot}`, "NODE", String(ids[1]));
  }
}

/** The server that has a slot, and one that has not. */
async function ownerOf(
  nodes: readonly RedisProgram[],
  slot: number,
): Promise<[from: RedisProgram, to: RedisProgram]> {
  const ranges = (await nodes[0]!.command("CLUSTER", "SLOTS")) as [
    number,
    number,
    [string, number],
  ][];
  const range = ranges.find(([first, last]) => first <= slot && slot <= last);
  const from = nodes.find(({ port }) => port === range?.[2][1]);
  const to = nodes.find((node) => node !== from);
  if (from === undefined || to === undefined) throw new Error(`nobody has slot ${slot}`);
  return [from, to];
}
