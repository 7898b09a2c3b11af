import { randomBytes } from "node:crypto";
import type { NatsConnection } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { KeptItem, KeptSlice } from "../../../src/layers/broker/broker.ts";
import { NatsBroker, type NatsBrokerOptions } from "../../../src/layers/nats/nats-broker.ts";
import type { Position } from "../../../src/layers/position.ts";
import { bytes, Ears, eventually, rule, text } from "./ears.ts";
import { NatsServer } from "../../../brokers/nats-server.ts";
import { describeWithNats } from "./describe-with-nats.ts";

describeWithNats("a broker over a real nats-server", () => {
  let server: NatsServer;
  const brokers: NatsBroker[] = [];
  const connections: NatsConnection[] = [];

  beforeAll(async () => {
    server = await NatsServer.start();
  });
  afterEach(async () => {
    await Promise.all(brokers.splice(0).map((broker) => broker.close()));
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
  });
  afterAll(() => server.stop());

  let prefix = "";
  function fresh(): void {
    prefix = `t-${randomBytes(6).toString("hex")}`;
  }

  /** A broker with a connection of its own, as another process has. */
  async function broker(
    options: Partial<NatsBrokerOptions> = {},
  ): Promise<{ broker: NatsBroker; ears: Ears; connection: NatsConnection }> {
    const connection = await server.connect();
    connections.push(connection);
    const made = new NatsBroker({ connection, prefix, ...options });
    brokers.push(made);
    const ears = new Ears();
    made.open(ears);
    return { broker: made, ears, connection };
  }

  describe("addresses", () => {
    it("take any name to its own subject, whatever it means to NATS", async () => {
      fresh();
      const names = [
        "*",
        ">",
        "a.b",
        "a b",
        "a.*",
        ".",
        "..",
        "a\r\nPUB x 0",
        "\0",
        "%2E",
        "%",
        "é🦆",
      ];
      names.push("$SYS.>", "$JS.API.>", "a", "A", "🦆".repeat(50), "*".repeat(200));
      const [one, two] = [await broker(), await broker()];
      for (const name of names) await two.broker.subscribe(`g${name}`);
      for (const name of names) await one.broker.publish(`g${name}`, bytes(name));
      const expected = names.map((name) => [`g${name}`, name]);
      await eventually(() => expect(two.ears.messages.length).toBe(names.length));
      expect(two.ears.messages).toEqual(expected);
    });
  });

  describe("histories", () => {
    const storages = ["file", "memory"] as const;

    it.each(storages)("are appended to and published as one step, in %s", async (storage) => {
      fresh();
      const jetstream = { storage };
      const [one, two] = [await broker({ jetstream }), await broker({ jetstream })];
      const kept = rule();
      await two.broker.follow("room.1");
      const start = await two.broker.read("room.1", kept, undefined, 1);
      expect(start.items).toBeUndefined();
      const sent: Position[] = [];
      for (const word of ["one", "two", "three"]) {
        sent.push(await append(one.broker, "room.1", kept, word));
        await append(one.broker, "room.2", kept, `not ${word}`);
      }
      await eventually(() => expect(two.ears.of("room.1")).toEqual(["one", "two", "three"]));
      const { items } = two.ears;
      expect(items.map(({ offset }) => offset)).toEqual(sent.map(({ offset }) => offset));
      expect(items.map(({ epoch }) => epoch)).toEqual(sent.map(({ epoch }) => epoch));
      expect(items[0]!.previous).toBeLessThanOrEqual(start.top);
      expect(items[1]!.previous).toBe(sent[0]!.offset);
      expect(items[2]!.previous).toBe(sent[1]!.offset);
      expect(items[0]!.epoch).toBe(start.epoch);

      const slice = await two.broker.read("room.1", kept, sent[0], 10);
      expect(slice).toMatchObject({ epoch: start.epoch, top: sent[2]!.offset });
      expect(slice.oldest).toBe(sent[0]!.offset);
      expect(words(slice)).toEqual(["two", "three"]);
      expect(slice.items!.map(({ previous }) => previous)).toEqual([
        sent[0]!.offset,
        sent[1]!.offset,
      ]);
      expect(words(await one.broker.read("room.1", kept, start0(start), 10))).toEqual([
        "one",
        "two",
        "three",
      ]);
      expect(words(await one.broker.read("room.1", kept, sent[0], 1))).toEqual(["two"]);
      expect(words(await one.broker.read("room.1", kept, sent[2], 1))).toEqual([]);
    });

    it("hold as many messages of each group as their rule says, and never a part", async () => {
      fresh();
      const one = await broker();
      const kept = rule({ size: 5 });
      const sent: Position[] = [];
      for (let number = 0; number < 12; number += 1) {
        sent.push(await append(one.broker, "busy", kept, String(number)));
        if (number === 0) await append(one.broker, "quiet", kept, "quiet");
      }
      const since = (index: number) => one.broker.read("busy", kept, sent[index], 100);
      expect(words(await since(6))).toEqual(["7", "8", "9", "10", "11"]);
      expect((await since(5)).items).toBeUndefined();
      expect((await since(0)).items).toBeUndefined();
      expect((await since(0)).oldest).toBe(sent[6]!.offset);
      const quiet = await one.broker.read("quiet", kept, undefined, 1);
      expect(quiet.top).toBe(quiet.oldest);
    });

    it("know nothing of positions of other groups, of other epochs, or of none", async () => {
      fresh();
      const one = await broker();
      const kept = rule();
      const here = await append(one.broker, "here", kept, "here");
      const there = await append(one.broker, "there", kept, "there");
      await append(one.broker, "here", kept, "here again");
      expect(there.epoch).not.toBe(here.epoch);
      const since = (position: { epoch: string; offset: number }) =>
        one.broker.read("here", kept, position, 10);
      expect(words(await since(here))).toEqual(["here again"]);
      for (const wrong of [
        there,
        { epoch: "", offset: here.offset },
        { epoch: here.epoch, offset: here.offset + 1_000_000 },
        { epoch: `x${here.epoch}`, offset: here.offset },
      ]) {
        expect((await since(wrong)).items).toBeUndefined();
      }
    });

    it("recover a place where nothing had been sent, and not beyond what is held", async () => {
      fresh();
      const one = await broker();
      const kept = rule({ size: 3 });
      const empty = await one.broker.read("room", kept, undefined, 1);
      for (const word of ["one", "two", "three"]) await append(one.broker, "room", kept, word);
      expect(words(await one.broker.read("room", kept, start0(empty), 10))).toEqual([
        "one",
        "two",
        "three",
      ]);
      await append(one.broker, "room", kept, "four");
      await append(one.broker, "room", kept, "five");
      const late = await one.broker.read("room", kept, start0(empty), 10);
      expect(late.items).toBeUndefined();
    });

    it("keep the order of one process's appends, from the very first on", async () => {
      fresh();
      const one = await broker();
      const kept = rule({ size: 300 });
      const numbers = Array.from({ length: 300 }, (_, number) => String(number));
      const start = await Promise.all(
        numbers.map((number) => append(one.broker, "room", kept, number)),
      );
      const offsets = start.map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
      const read: string[] = [];
      let since = start[0]!;
      for (let page = 0; page < 10; page += 1) {
        const slice = await one.broker.read("room", kept, since, 50);
        read.push(...words(slice));
        since = { epoch: slice.epoch, offset: slice.items!.at(-1)?.offset ?? since.offset };
      }
      expect(read).toEqual(numbers.slice(1));
    });

    it("forget what is too old, and what was sent before cannot be recovered then", async () => {
      fresh();
      const one = await broker();
      const kept = rule({ ttl: 400, idWindow: 400 });
      const sent: Position[] = [];
      for (const word of ["one", "two"]) sent.push(await append(one.broker, "room", kept, word));
      await eventually(async () => {
        expect((await one.broker.read("room", kept, undefined, 1)).oldest).toBeUndefined();
      });
      const slice = await one.broker.read("room", kept, sent[0], 10);
      expect(slice.items).toBeUndefined();
      expect(slice.top).toBeGreaterThanOrEqual(sent[1]!.offset);
    });

    it("know of a group that was quiet for longer than messages are held that nothing is missing", async () => {
      fresh();
      const [one, two] = [await broker(), await broker()];
      const kept = rule({ ttl: 1_000, idWindow: 1_000 });
      await one.broker.follow("quiet");
      const start = await one.broker.read("quiet", kept, undefined, 1);
      const first = await append(two.broker, "quiet", kept, "first");
      // Something else goes on, so that the place is none that the stream still holds.
      await eventually(async () => {
        await append(two.broker, "busy", kept, "busy");
        // As a layer does from time to time.
        await one.broker.read("quiet", kept, first, 1);
        const read = await two.broker.read("quiet", kept, undefined, 1);
        expect(read.oldest).toBeUndefined();
        expect((await two.broker.read("quiet", kept, first, 1)).items).toBeUndefined();
      });
      expect(words(await one.broker.read("quiet", kept, first, 10))).toEqual([]);
      expect((await one.broker.read("quiet", kept, start0(start), 10)).items).toBeUndefined();
      const second = await append(two.broker, "quiet", kept, "second");
      await eventually(() => expect(one.ears.of("quiet")).toEqual(["first", "second"]));
      expect(one.ears.items[1]!.previous).toBe(first.offset);
      expect(words(await one.broker.read("quiet", kept, first, 10))).toEqual(["second"]);
      expect(second.epoch).toBe(first.epoch);
      // When the second one is too old, what came after the first is not whole any more.
      await eventually(async () => {
        expect(words(await one.broker.read("quiet", kept, second, 10))).toEqual([]);
        expect((await two.broker.read("quiet", kept, undefined, 1)).oldest).toBeUndefined();
      });
      expect((await one.broker.read("quiet", kept, first, 10)).items).toBeUndefined();
    });

    it("carry a message as large as the server takes, live and from the history", async () => {
      fresh();
      const [one, two] = [await broker(), await broker()];
      const kept = rule();
      const { maxSize } = one.broker;
      expect(maxSize).toBeGreaterThan(1_000_000);
      const name = "🦆".repeat(50);
      await two.broker.follow(name);
      const before = await append(one.broker, name, kept, "before");
      const large = randomBytes(maxSize);
      await one.broker.append({ group: name, rule: kept, data: large, id: "x".repeat(200) });
      await eventually(() => expect(two.ears.items.length).toBe(2));
      expect(Buffer.compare(two.ears.items[1]!.data, large)).toBe(0);
      const { items } = await two.broker.read(name, kept, before, 10);
      expect(Buffer.compare(items![0]!.data, large)).toBe(0);
    });

    it("are one for processes that create their stream at the same time", async () => {
      fresh();
      const many = await Promise.all([broker(), broker(), broker(), broker()]);
      const kept = rule();
      const sent = await Promise.all(
        many.map(({ broker }, index) => append(broker, "room", kept, String(index))),
      );
      expect(new Set(sent.map(({ epoch }) => epoch)).size).toBe(1);
      expect(new Set(sent.map(({ offset }) => offset)).size).toBe(4);
    });

    it("have a stream for each rule", async () => {
      fresh();
      const one = await broker();
      const [rooms, rest] = [rule({ groups: "room.*", size: 2 }), rule({ groups: "*", size: 4 })];
      const sent: Position[] = [];
      for (const word of ["1", "2", "3", "4", "5"]) {
        sent.push(await append(one.broker, "room.1", rooms, word));
        await append(one.broker, "user.1", rest, word);
      }
      expect((await one.broker.read("room.1", rooms, sent[1], 10)).items).toBeUndefined();
      expect(words(await one.broker.read("room.1", rooms, sent[2], 10))).toEqual(["4", "5"]);
      const user = await one.broker.read("user.1", rest, undefined, 10);
      expect(user.top - user.oldest!).toBe(4);
    });

    it("say what differs where a stream is set up otherwise", async () => {
      fresh();
      const [one, two] = [await broker(), await broker()];
      await append(one.broker, "room", rule({ size: 10 }), "one");
      await expect(append(two.broker, "room", rule({ size: 20 }), "two")).rejects.toMatchObject({
        code: "ERR_INVALID_OPTION",
        message: expect.stringMatching(/max_msgs_per_subject is 11, not 21.*nats stream edit/),
      });
    });

    it("say so where a stream cannot be had", async () => {
      fresh();
      const one = await broker({ jetstream: { replicas: 3 } });
      await expect(append(one.broker, "room", rule(), "one")).rejects.toMatchObject({
        code: "ERR_INVALID_OPTION",
        message: expect.stringContaining("replicas"),
      });
    });
  });

  it("refuses whatever it is asked once it is closed, and leaves the connection alone", async () => {
    fresh();
    const [one, two] = [await broker(), await broker()];
    await one.broker.subscribe("gx");
    await one.broker.follow("room");
    await one.broker.close();
    await one.broker.close();
    await two.broker.publish("gx", bytes("late"));
    await append(two.broker, "room", rule(), "late");
    const refusals = [
      one.broker.publish("gx", bytes("?")),
      one.broker.publish("nx", bytes("?")),
      one.broker.subscribe("gx"),
      one.broker.follow("room"),
      append(one.broker, "room", rule(), "?"),
      one.broker.read("room", rule(), undefined, 1),
    ];
    for (const refusal of refusals) {
      await expect(refusal).rejects.toMatchObject({ code: "ERR_LAYER_CLOSED" });
    }
    await one.broker.unsubscribe("gx");
    await one.broker.unfollow("room");
    await one.connection.flush();
    expect(one.ears.messages).toEqual([]);
    expect(one.ears.items).toEqual([]);
  });
});

function append(
  broker: NatsBroker,
  group: string,
  kept: ReturnType<typeof rule>,
  body: string,
  id?: string,
) {
  return broker.append({ group, rule: kept, data: bytes(body), id });
}

function words({ items }: KeptSlice): string[] {
  expect(items).toBeDefined();
  return items!.map(({ data }: KeptItem) => text(data));
}

function start0({ epoch, top }: KeptSlice): { epoch: string; offset: number } {
  return { epoch, offset: top };
}
