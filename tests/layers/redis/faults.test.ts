import { randomUUID } from "node:crypto";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Broker } from "../../../src/layers/broker/broker.ts";
import { RedisBroker, type RedisBrokerOptions } from "../../../src/layers/redis/redis-broker.ts";
import { describeWithRedis } from "./describe-with-redis.ts";
import { append, bytes, Notebook, plainRule, texts } from "../broker-checks.ts";
import { PinnedProxy } from "./pinned-proxy.ts";
import { RedisProgram, startReplicated, until } from "../../../brokers/redis-servers.ts";
import { alone, libraries, type UserClient } from "./topologies.ts";

const away = { code: "ERR_LAYER_UNREACHABLE", temporary: true };

describeWithRedis("faults of one Redis", () => {
  describe.each(libraries)("with the package %s", (library) => {
    let server: RedisProgram;
    let client: UserClient;
    let brokers: Broker[];
    let group: string;

    beforeAll(async () => {
      server = await RedisProgram.start();
      client = await alone([server]).client(library);
    });
    afterAll(async () => {
      client?.end();
      await server?.stop();
    });
    beforeEach(() => {
      brokers = [];
      group = randomUUID();
    });
    afterEach(async () => {
      for (const broker of brokers) await broker.close();
    });

    function make(options: Partial<RedisBrokerOptions> = {}): [RedisBroker, Notebook] {
      const quick = { timeout: 1_000, probeInterval: 200 };
      const broker = new RedisBroker({ connection: client.connection, ...quick, ...options });
      const notes = new Notebook();
      broker.open(notes);
      brokers.push(broker);
      return [broker, notes];
    }

    it("R-1: a restart without data is told, begins new epochs, and costs no subscription", async () => {
      const [broker, notes] = make();
      await broker.follow(group);
      await broker.subscribe("a");
      const before = await append(broker, group, "before");
      await notes.until(({ items }) => items.length === 1);
      await server.kill();
      const asked = performance.now();
      await expect(append(broker, group, "lost")).rejects.toMatchObject(away);
      await expect(broker.publish("a", bytes("lost"))).rejects.toMatchObject(away);
      await expect(broker.subscribe("gother")).rejects.toMatchObject(away);
      await expect(broker.read(group, plainRule, before, 10)).rejects.toMatchObject(away);
      await broker.unsubscribe("gother");
      expect(performance.now() - asked).toBeLessThan(3_000);
      await server.run();
      await notes.until(({ misses }) => misses > 0);
      const slice = await broker.read(group, plainRule, before, 10);
      expect(slice).toMatchObject({ top: 0, items: undefined });
      expect(slice.epoch).not.toBe(before.epoch);
      const after = await append(broker, group, "after");
      await broker.publish("a", bytes("after"));
      await notes.until(({ items, messages }) => items.length === 2 && messages.length === 1);
      expect(notes.items[1]).toMatchObject({ epoch: slice.epoch, text: "after" });
      expect(after.epoch).toBe(slice.epoch);
    });

    it("R-2: a Redis that went back to a snapshot gives no position a second time", async () => {
      const [broker, notes] = make();
      for (const said of ["1", "2", "3"]) await append(broker, group, said);
      await server.command("SAVE");
      const lost = [];
      for (const said of ["4", "5", "6"]) lost.push(await append(broker, group, said));
      await broker.subscribe("a");
      await server.kill();
      await server.run();
      await notes.until(({ misses }) => misses > 0);
      const again = [];
      for (const said of ["7", "8", "9"]) again.push(await append(broker, group, said));
      for (const position of again) expect(lost).not.toContainEqual(position);
      expect(again[0]!.epoch).not.toBe(lost[0]!.epoch);
      expect((await broker.read(group, plainRule, lost[2], 10)).items).toBeUndefined();
      expect(texts(await broker.read(group, plainRule, again[0], 10))).toEqual(["8", "9"]);
    });

    it("R-2: without a fence it would, which is why there is one", async () => {
      const [broker, notes] = make({ epochFence: "off" });
      await append(broker, group, "1");
      await server.command("SAVE");
      const lost = await append(broker, group, "2");
      await broker.subscribe("a");
      await server.kill();
      await server.run();
      await notes.until(({ misses }) => misses > 0);
      expect(await append(broker, group, "other")).toEqual(lost);
    });

    it("R-2: a fence by the run's id holds, too", async () => {
      const [broker, notes] = make({ epochFence: "runid" });
      await append(broker, group, "1");
      await server.command("SAVE");
      const lost = await append(broker, group, "2");
      await broker.subscribe("a");
      await server.kill();
      await server.run();
      await notes.until(({ misses }) => misses > 0);
      expect((await append(broker, group, "other")).epoch).not.toBe(lost.epoch);
    });

    it("R-3: a cut of the subscriptions is told once they are there again; sending goes on", async () => {
      const [broker, notes] = make();
      const [sender] = make();
      await broker.follow(group);
      const first = await append(sender, group, "1");
      await notes.until(({ items }) => items.length === 1);
      await server.command("CLIENT", "KILL", "TYPE", "pubsub");
      await append(sender, group, "2");
      await append(sender, group, "3");
      await notes.until(({ misses }) => misses > 0);
      const slice = await broker.read(group, plainRule, first, 10);
      expect(texts(slice)).toEqual(["2", "3"]);
      await append(sender, group, "4");
      await notes.until(({ items }) => items.at(-1)?.text === "4");
    });

    it("leaves no connection behind, also after it could not connect for a while", async () => {
      const count = async (): Promise<number> =>
        String(await server.command("CLIENT", "LIST"))
          .trim()
          .split("\n").length;
      // The user's client, and the one that asks here.
      const before = 2;
      await until(async () => (await count()) === before);
      const [broker, notes] = make({ timeout: 200 });
      await broker.subscribe("a");
      expect(await count()).toBe(before + 2);
      server.signal("SIGSTOP");
      // Attempts are given up, one after the other.
      await until(() => broker.publish("a", bytes("no")).then(() => false, isOutOfReach));
      server.signal("SIGCONT");
      await notes.until(({ misses }) => misses > 0);
      await until(async () => (await count()) === before + 2);
      await broker.close();
      await until(async () => (await count()) === before);
    });

    it("R-3: a cut of all connections is told, and what is asked then works or is refused", async () => {
      const [broker, notes] = make();
      await broker.subscribe("a");
      for (let round = 0; round < 5; round += 1) {
        const { misses } = notes;
        await server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await server.command("CLIENT", "KILL", "TYPE", "pubsub");
        await notes.until(() => notes.misses > misses);
        const { length } = notes.messages;
        await broker.publish("a", bytes("again"));
        await notes.until(({ messages }) => messages.length > length);
      }
    });

    it("R-5: while Redis hangs calls are refused in time, and an id is appended at most once", async () => {
      const [broker, notes] = make();
      await broker.follow(group);
      const start = await append(broker, group, "before");
      server.signal("SIGSTOP");
      const asked = performance.now();
      await expect(append(broker, group, "once", "id")).rejects.toMatchObject(away);
      await expect(append(broker, group, "once", "id")).rejects.toMatchObject(away);
      expect(performance.now() - asked).toBeLessThan(4_000);
      server.signal("SIGCONT");
      await notes.until(({ misses }) => misses > 0);
      const position = await append(broker, group, "once", "id");
      const slice = await broker.read(group, plainRule, start, 10);
      expect(texts(slice)).toEqual(["once"]);
      expect(slice).toMatchObject({ epoch: position.epoch, top: position.offset });
    });

    it("R-10: a log that was evicted is no recovery, and neither is a lost epoch", async () => {
      const [broker] = make();
      const first = await append(broker, group, "1");
      const second = await append(broker, group, "2");
      await server.command("DEL", `sluice:1:{g${group}}:log`);
      const evicted = await broker.read(group, plainRule, first, 10);
      expect(evicted).toMatchObject({ epoch: first.epoch, top: 2, oldest: undefined });
      expect(evicted.items).toBeUndefined();
      expect(texts(await broker.read(group, plainRule, second, 10))).toEqual([]);
      const third = await append(broker, group, "3");
      expect(third).toEqual({ epoch: first.epoch, offset: 3 });
      expect((await broker.read(group, plainRule, first, 10)).items).toBeUndefined();
      expect(texts(await broker.read(group, plainRule, second, 10))).toEqual(["3"]);
      await server.command("DEL", `sluice:1:{g${group}}:meta`);
      const fourth = await append(broker, group, "4");
      expect(fourth.offset).toBe(1);
      expect(fourth.epoch).not.toBe(first.epoch);
      expect((await broker.read(group, plainRule, third, 10)).items).toBeUndefined();
      expect(texts(await broker.read(group, plainRule, { ...fourth, offset: 0 }, 10))).toEqual([
        "4",
      ]);
    });

    it("R-11: scripts that Redis has forgotten are told it again, and the order stays", async () => {
      const [broker, notes] = make();
      await broker.follow(group);
      await append(broker, group, "first");
      const sent: Promise<unknown>[] = [];
      const said = Array.from({ length: 200 }, (_, index) => `${index}`);
      const rule = { ...plainRule, size: 1_000 };
      for (const each of said) {
        sent.push(append(broker, group, each, undefined, rule));
        if (sent.length % 50 !== 0) continue;
        await server.command("SCRIPT", "FLUSH");
        await sent[sent.length - 25];
      }
      await Promise.all(sent);
      await notes.until(({ items }) => items.length === said.length + 1);
      expect(notes.items.slice(1).map(({ text }) => text)).toEqual(said);
    });

    it("R-11: a full memory is refused as temporary, with what to do; publishing goes on", async () => {
      const [broker, notes] = make();
      await broker.subscribe("a");
      await server.command("CONFIG", "SET", "maxmemory", "1");
      try {
        await expect(append(broker, group, "no room")).rejects.toMatchObject({
          ...away,
          message: expect.stringMatching(/OOM .*raise maxmemory/) as string,
        });
        await broker.publish("a", bytes("room enough"));
        await notes.until(({ messages }) => messages.length === 1);
      } finally {
        await server.command("CONFIG", "SET", "maxmemory", "0");
      }
      await append(broker, group, "room again");
    });

    it("R-11: a missing permission is not temporary, and says what to do", async () => {
      const [broker] = make();
      await append(broker, group, "before");
      await server.command("ACL", "SETUSER", "default", "-@scripting");
      try {
        await expect(append(broker, group, "forbidden")).rejects.toMatchObject({
          code: "ERR_LAYER_UNREACHABLE",
          temporary: false,
          message: expect.stringMatching(/NOPERM .*permission/) as string,
        });
      } finally {
        await server.command("ACL", "SETUSER", "default", "+@all");
      }
    });

    it("R-11: a script of somebody else that runs for long is told, and is over when it is killed", async () => {
      const [broker, notes] = make();
      await broker.subscribe("a");
      await server.command("CONFIG", "SET", "busy-reply-threshold", "50");
      const killer = createClient({ url: server.url, RESP: 2 });
      killer.on("error", () => {});
      await killer.connect();
      const blocked = server.command("EVAL", "while true do end", "0").catch(() => {});
      await expect(
        until(() => append(broker, group, "not now").then(() => undefined, refusal)),
      ).resolves.toMatchObject(away);
      await until(() => killer.sendCommand(["SCRIPT", "KILL"]));
      killer.destroy();
      await blocked;
      await until(() => append(broker, group, "now"));
      await broker.publish("a", bytes("now"));
      await notes.until(({ messages }) => messages.length > 0);
    });

    it("R-12: what others publish on our channels is dropped, and what comes after is heard", async () => {
      const [broker, notes] = make();
      await broker.follow(group);
      const channel = `sluice:1:{g${group}}:kept`;
      for (const garbage of ["", " ", "garbage", "a b c", "e 0 x", `${"e".repeat(300)} 1 x`]) {
        await server.command("SPUBLISH", channel, garbage);
      }
      await server.command("SPUBLISH", channel, "x".repeat(10_000_000));
      await append(broker, group, "ours");
      await notes.until(({ items }) => items.length > 0);
      expect(notes.items.map(({ text }) => text)).toEqual(["ours"]);
    });

    it("R-4: what Redis drops since we do not read is told, and can be read", async () => {
      await server.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 64kb 0 0");
      const proxy = await PinnedProxy.start(server.port);
      const slow = await alone([proxy]).client(library);
      try {
        const [broker, notes] = make({ connection: slow.connection, probeInterval: 60_000 });
        const [sender] = make();
        const rule = { ...plainRule, size: 10_000, bytes: 1_000_000_000 };
        await broker.follow(group);
        const first = await append(sender, group, "first", undefined, rule);
        await notes.until(({ items }) => items.length === 1);
        proxy.pause();
        // One alone is less than the limit, so it is those that wait.
        const long = "x".repeat(20_000);
        let sent = 0;
        const listeners = async (): Promise<number> =>
          String(await server.command("CLIENT", "LIST", "TYPE", "pubsub")).split("\n").length;
        const before = await listeners();
        await until(async () => {
          await append(sender, group, long, undefined, rule);
          sent += 1;
          return (await listeners()) < before;
        });
        proxy.resume();
        await notes.until(({ misses }) => misses > 0);
        const slice = await broker.read(group, rule, first, 10_000);
        expect(slice.items).toHaveLength(sent);
        expect(notes.items.length).toBeLessThan(sent);
      } finally {
        slow.end();
        await proxy.stop();
        await server.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 32mb 8mb 60");
      }
    });

    it("R-6: a connection that carries nothing any more is noticed, with and without traffic", async () => {
      const proxy = await PinnedProxy.start(server.port);
      const wired = await alone([proxy]).client(library);
      try {
        const [broker, notes] = make({ connection: wired.connection });
        const [sender] = make();
        await broker.subscribe("a");
        proxy.swallow();
        await notes.until(({ misses }) => misses === 1);
        await sender.publish("a", bytes("heard again"));
        await notes.until(({ messages }) => messages.length === 1);
        proxy.swallow();
        await expect(append(broker, group, "into the void")).rejects.toMatchObject(away);
        await notes.until(({ misses }) => misses === 2);
      } finally {
        wired.end();
        await proxy.stop();
      }
    });

    it("R-7: a primary that is none any more is noticed, though both connections are well", async () => {
      const { primary, replica } = await startReplicated();
      const proxy = await PinnedProxy.start(primary.port);
      const wired = await alone([proxy]).client(library);
      try {
        const [broker, notes] = make({ connection: wired.connection });
        await broker.subscribe("a");
        await broker.follow(group);
        const before = await append(broker, group, "before");
        await until(
          async () => (await replica.command("EXISTS", `sluice:1:{g${group}}:meta`)) === 1,
        );
        await replica.command("REPLICAOF", "NO", "ONE");
        await primary.command("REPLICAOF", "127.0.0.1", `${replica.port}`);
        proxy.target = replica.port;
        await notes.until(({ misses }) => misses > 0);
        const after = await append(broker, group, "after");
        expect(after.epoch).not.toBe(before.epoch);
        await notes.until(({ items }) => items.at(-1)?.text === "after");
      } finally {
        wired.end();
        await proxy.stop();
        await primary.stop();
        await replica.stop();
      }
    });

    it("R-2: a replica without the last messages, promoted, gives none of their positions", async () => {
      const { primary, replica } = await startReplicated();
      const proxy = await PinnedProxy.start(primary.port);
      const wired = await alone([proxy]).client(library);
      try {
        const [broker, notes] = make({ connection: wired.connection });
        await broker.follow(group);
        const kept = await append(broker, group, "1");
        await until(
          async () => (await replica.command("EXISTS", `sluice:1:{g${group}}:meta`)) === 1,
        );
        replica.signal("SIGSTOP");
        const lost = [await append(broker, group, "2"), await append(broker, group, "3")];
        proxy.target = replica.port;
        await primary.kill();
        replica.signal("SIGCONT");
        await replica.command("REPLICAOF", "NO", "ONE");
        await notes.until(({ misses }) => misses > 0);
        const after = [await append(broker, group, "4"), await append(broker, group, "5")];
        for (const position of after) expect([kept, ...lost]).not.toContainEqual(position);
        for (const position of lost) {
          expect((await broker.read(group, plainRule, position, 10)).items).toBeUndefined();
        }
      } finally {
        wired.end();
        await proxy.stop();
        await primary.stop();
        await replica.stop();
      }
    });

    it("R-15: ten thousand groups are heard again soon, and nobody is held up meanwhile", async () => {
      const [broker, notes] = make({ timeout: 5_000 });
      const groups = Array.from({ length: 10_000 }, (_, index) => `${group} ${index}` as const);
      for (let start = 0; start < groups.length; start += 1_000) {
        await Promise.all(groups.slice(start, start + 1_000).map((each) => broker.follow(each)));
      }
      await server.command("CLIENT", "KILL", "TYPE", "pubsub");
      // In processor time, since others may have the processor for as long as they like.
      let longest = 0;
      let last = process.cpuUsage();
      const beat = setInterval(() => {
        const { user, system } = process.cpuUsage(last);
        longest = Math.max(longest, (user + system) / 1_000);
        last = process.cpuUsage();
      }, 1);
      try {
        await notes.until(({ misses }) => misses > 0);
      } finally {
        clearInterval(beat);
      }
      expect(longest).toBeLessThan(250);
      await append(broker, groups[0]!, "first");
      await append(broker, groups.at(-1)!, "last");
      await notes.until(({ items }) => items.length === 2);
    });
  });
});

/** Whether an attempt to connect took too long. */
const isOutOfReach = (error: unknown): boolean =>
  error instanceof Error && error.message.includes("could not be reached");

/** What something was rejected with. */
const refusal = (error: unknown): unknown => error;
