import { randomUUID } from "node:crypto";
import type { ChannelLayer, Gap } from "sluice";
import { redisLayer } from "sluice/layers/redis";
import { afterEach, describe, expect, it } from "vitest";
import { slotOf } from "../../../src/layers/redis/slot.ts";
import { describeWithRedis } from "./describe-with-redis.ts";
import {
  RedisProgram,
  startCluster,
  startReplicated,
  startSentinels,
  until,
} from "../../../brokers/redis-servers.ts";
import {
  alone,
  clustered,
  libraries,
  type Topology,
  type UserClient,
  watched,
} from "./topologies.ts";

/** What a member got, in its order: a message by its position, or a gap up to one. */
type Told = { readonly position: string; readonly text: string } | { readonly gap: Gap };

const group = "kept.storm";
const history = [{ groups: "kept.*", size: 10_000, bytes: 1_000_000_000 }];

/** Splits a position, of which only tests know the parts. */
function place(position: string): [epoch: string, offset: number] {
  const dot = position.lastIndexOf(".");
  return [position.slice(0, dot), Number(position.slice(dot + 1))];
}

describeWithRedis("a layer whose Redis breaks while it is used", () => {
  describe.each(libraries)("with the package %s", (library) => {
    const ends: (() => unknown)[] = [];
    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
    });

    /**
     * Two senders, and a member in each of two processes, while `faults` happen one after the other.
     * Each member has to have what was confirmed, in one order, or to have been told what it has not.
     */
    async function storm(topology: Topology, faults: readonly (() => Promise<unknown>)[]) {
      for (const server of topology.servers) ends.push(() => server.stop());
      const clients: UserClient[] = [
        await topology.client(library),
        await topology.client(library),
      ];
      for (const client of clients) ends.push(() => client.end());
      const prefix = `t-${randomUUID()}`;
      const layers: ChannelLayer[] = clients.map(({ connection }) =>
        redisLayer({ connection, prefix, history, timeout: 1_000, probeInterval: 200 }),
      );
      for (const layer of layers) ends.push(() => layer.close());
      const notes: Told[][] = [[], []];
      for (const [index, layer] of layers.entries()) {
        const told = notes[index]!;
        const channel = layer.channel({
          deliver: ({ text }, { position }) =>
            void told.push({ text: String(text), position: position! }),
          gap: (gap) => void told.push({ gap }),
        });
        await until(async () => {
          await layer.join(group, channel);
          return true;
        });
      }
      const confirmed = new Map<string, string>();
      let isOver = false;
      const senders = layers.map(async (layer, index) => {
        for (let count = 0; !isOver; count += 1) {
          const text = `${index}.${count}`;
          const message = { type: "storm.note" as const, text };
          const position = await until(() => layer.groupSend(group, message, { id: text }));
          expect(confirmed.get(position) ?? text).toBe(text);
          confirmed.set(position, text);
        }
      });
      for (const fault of faults) {
        const before = confirmed.size;
        await until(() => confirmed.size > before + 20);
        await fault();
        const after = confirmed.size;
        await until(() => confirmed.size > after + 20);
      }
      isOver = true;
      await Promise.all(senders);
      // Something in a new epoch for each of them to end with.
      const last = await until(() =>
        layers[0]!.groupSend(group, { type: "storm.note", text: "last" }, { id: "last" }),
      );
      for (const told of notes) {
        await until(() => told.some((each) => "text" in each && each.position === last));
        judge(told, confirmed);
      }
      return notes;
    }

    /** No lie: each message once, in order, and between two of them nothing, or a gap. */
    function judge(told: readonly Told[], confirmed: ReadonlyMap<string, string>): void {
      let at: [epoch: string, offset: number] | undefined;
      const got = new Set<string>();
      for (const each of told) {
        if ("gap" in each) {
          at = each.gap.top === undefined ? undefined : place(each.gap.top);
          continue;
        }
        const { position, text } = each;
        expect(confirmed.get(position) ?? text).toBe(text);
        expect(got.has(position)).toBe(false);
        got.add(position);
        const [epoch, offset] = place(position);
        if (at !== undefined) expect([epoch, offset]).toEqual([at[0], at[1] + 1]);
        at = [epoch, offset];
      }
    }

    it("tells no lie over one Redis that is cut, hangs, and starts again with old data or none", async () => {
      const server = await RedisProgram.start();
      const kill = (type: string) =>
        server.command("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes");
      const notes = await storm(alone([server]), [
        () => kill("pubsub"),
        () => kill("normal"),
        () => Promise.all([kill("normal"), kill("pubsub")]),
        () => server.command("SCRIPT", "FLUSH"),
        async () => {
          server.signal("SIGSTOP");
          await new Promise((resolve) => setTimeout(resolve, 1_500));
          server.signal("SIGCONT");
        },
        () => server.command("SAVE"),
        async () => {
          await server.kill();
          await server.run();
        },
        () => server.command("FLUSHALL"),
      ]);
      // The snapshot and the emptied Redis each began a new epoch, and nothing else did. Of the one in
      // between a member may have had nothing but a gap.
      for (const told of notes) {
        const epochs = told.flatMap((each) => ("text" in each ? place(each.position)[0] : []));
        expect(new Set(epochs).size).toBeLessThanOrEqual(3);
      }
    });

    it("tells no lie when Sentinel replaces the primary", async () => {
      const { primary, replica } = await startReplicated();
      const sentinels = await startSentinels(primary);
      await until(async () =>
        /num-slaves,1/.test(String(await sentinels[0]!.command("SENTINEL", "MASTER", "main"))),
      );
      await storm(watched([primary, replica], sentinels), [
        async () => {
          await primary.kill();
          await until(async () => (await replica.info("replication", "role")) === "master");
        },
      ]);
    });

    it("tells no lie when a cluster replaces a primary", async () => {
      const nodes = await startCluster(3, 3);
      await storm(clustered(nodes), [
        async () => {
          const owner = Math.floor(slotOf(`{g${group}}`) / Math.ceil(16_384 / 3));
          await nodes[owner]!.kill();
          await until(
            async () => (await nodes[owner + 3]!.info("replication", "role")) === "master",
          );
        },
      ]);
    });
  });
});
