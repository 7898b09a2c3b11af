import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import type { ChannelLayer, LayerMessage } from "../../src/layers/channel-layer.ts";
import { jsonCodec } from "../../src/layers/codec.ts";
import { memoryLayer } from "../../src/layers/memory.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import type { LayerCheckContext } from "../../src/testing/layer-check.ts";
import { LayerReader, note, numbers } from "../../src/testing/layer-reader.ts";
import { layerChecks } from "../../src/testing/layer-checks.ts";

/** The history that the checks ask for. */
const kept = {
  prefix: "kept.",
  size: 10,
  ttl: 20_000,
  rules: [{ groups: "kept.*", size: 10, ttl: 20_000, idWindow: 15_000 }],
} as const;

function context(): LayerCheckContext {
  const clock = new FakeClock();
  const layer = memoryLayer({ capacity: 7, expiry: 1_000, clock, history: kept.rules });
  return {
    layer,
    other: layer,
    capacity: 7,
    expire: () => clock.advance(1_000),
    gather: () => clock.advance(100),
    history: { prefix: kept.prefix, size: kept.size, expire: () => clock.advance(kept.ttl) },
    // What waited for its reader comes in a microtask; everything else is there already.
    async eventually(condition) {
      await Promise.resolve();
      condition();
    },
  };
}

describe("the memory layer keeps the promises of the contract", () => {
  for (const check of layerChecks.filter(({ needs }) => needs !== "outage")) {
    test(check.name, () => check.run(context()));
  }
});

describe("the memory layer delivers", () => {
  test("before groupSend and send return", async () => {
    const layer = memoryLayer();
    const reader = new LayerReader(layer);
    await layer.join("room", reader.channel);
    void layer.groupSend("room", note("one"));
    void layer.send(reader.channel.name, note("two"));
    expect(reader.texts).toEqual(["one", "two"]);
  });

  test("with no position, because groups have no history", async () => {
    const layer = memoryLayer();
    const reader = new LayerReader(layer);
    expect(await layer.join("room", reader.channel)).toEqual({});
    expect(await layer.groupSend("room", note("one"))).toBeUndefined();
  });

  test("a frozen delivery, one for all members, and the shared empty one for direct messages", async () => {
    const layer = memoryLayer();
    const [one, two] = [new LayerReader(layer), new LayerReader(layer)];
    await layer.join("room", one.channel);
    await layer.join("room", two.channel);
    await layer.groupSend("room", note("hello"));
    expect(one.deliveries[0]).toBe(two.deliveries[0]);
    expect(one.deliveries[0]).toEqual({ group: "room" });
    expect(Object.isFrozen(one.deliveries[0])).toBe(true);
    await layer.send(one.channel.name, note("direct"));
    await layer.send(two.channel.name, note("direct"));
    expect(one.deliveries[1]).toBe(two.deliveries[1]);
    expect(Object.isFrozen(one.deliveries[1])).toBe(true);
  });

  test("to the others when a member throws, and tells onError", async () => {
    const errors: unknown[] = [];
    const layer = memoryLayer({ onError: (error) => errors.push(error) });
    const [bad, good] = [new LayerReader(layer), new LayerReader(layer)];
    const bug = new Error("bug");
    bad.onMessage = () => {
      throw bug;
    };
    await layer.join("room", bad.channel);
    await layer.join("room", good.channel);
    await layer.groupSend("room", note("hello"));
    expect(good.texts).toEqual(["hello"]);
    expect(errors).toEqual([bug]);
  });

  test("encoding once per send, decoding once, and not at all for nobody", async () => {
    let [encoded, decoded] = [0, 0];
    const layer = memoryLayer({
      codec: {
        encode(message) {
          encoded += 1;
          return jsonCodec.encode(message);
        },
        decode(text) {
          decoded += 1;
          return jsonCodec.decode(text);
        },
      },
    });
    await layer.groupSend("room", note("nobody"));
    expect([encoded, decoded]).toEqual([1, 0]);
    for (const reader of numbers(5).map(() => new LayerReader(layer))) {
      await layer.join("room", reader.channel);
    }
    await layer.groupSend("room", note("five"));
    expect([encoded, decoded]).toEqual([2, 1]);
  });
});

describe("a channel without a fixed name", () => {
  test("has a name that is made once, is its own, and is never guessed from another layer's", () => {
    const [one, other] = [memoryLayer(), memoryLayer()];
    const channels = numbers(100).map(() => new LayerReader(one).channel);
    const names = new Set(channels.map(({ name }) => name));
    expect(names.size).toBe(100);
    expect(channels.map(({ name }) => name)).toEqual([...names]);
    const prefix = (name: string): string => name.slice(0, name.lastIndexOf("."));
    const foreign = new LayerReader(other).channel.name;
    expect(prefix(foreign)).not.toBe(prefix(channels[0]!.name));
    expect(foreign).toMatch(/^sluice\.[\w-]{16}\.1$/);
  });

  test("that asks for its name after it was closed gets one that reaches nobody", async () => {
    const layer = memoryLayer();
    const reader = new LayerReader(layer);
    await reader.channel.close();
    await layer.send(reader.channel.name, note("late"));
    expect(reader.texts).toEqual([]);
  });

  test("never lets messages wait: a full one there is not", async () => {
    const layer = memoryLayer({ capacity: 0 });
    const { channel } = new LayerReader(layer);
    const { name } = channel;
    await channel.close();
    for (const number of numbers(10)) await layer.send(name, note(number));
  });
});

describe("a channel with a fixed name", () => {
  test("serves its readers in turn", async () => {
    const layer = memoryLayer();
    const readers = numbers(3).map(() => new LayerReader(layer, "work"));
    for (const number of numbers(7)) await layer.send("work", note(number));
    expect(readers.map(({ texts }) => texts)).toEqual([
      [0, 3, 6],
      [1, 4],
      [2, 5],
    ]);
  });

  test("has no capacity while somebody reads, not even inside a delivery", async () => {
    const layer = memoryLayer({ capacity: 2 });
    const worker = new LayerReader(layer, "work");
    const boss = new LayerReader(layer);
    const sent: Promise<void>[] = [];
    boss.onMessage = () => {
      for (const number of numbers(500)) sent.push(layer.send("work", note(number)));
    };
    await layer.send(boss.channel.name, note("go"));
    await Promise.all(sent);
    expect(worker.texts).toEqual(numbers(500));
  });

  test("that is full names itself and its capacity, and is full for this message only", async () => {
    const layer = memoryLayer({ capacity: 1 });
    await layer.send("work", note("waits"));
    await expect(layer.send("work", note("too much"))).rejects.toMatchObject({
      code: "ERR_CHANNEL_FULL",
      temporary: true,
      message: expect.stringMatching(/"work".*capacity of 1\b/) as string,
    });
    await layer.send("play", note("another"));
  });

  test("keeps what no reader took, in order, when the last reader closes inside a delivery", async () => {
    const layer = memoryLayer();
    const quitter = new LayerReader(layer, "work");
    const boss = new LayerReader(layer);
    quitter.onMessage = () => void quitter.channel.close();
    boss.onMessage = () => {
      for (const number of numbers(4)) void layer.send("work", note(number));
    };
    await layer.send(boss.channel.name, note("go"));
    await layer.send("work", note(4));
    expect(quitter.texts).toEqual([0]);
    const next = new LayerReader(layer, "work");
    await Promise.resolve();
    expect(next.texts).toEqual([1, 2, 3, 4]);
  });

  test("gives what waited before what comes while its reader is being opened", async () => {
    const layer = memoryLayer();
    void layer.send("work", note(1));
    void layer.send("work", note(2));
    const reader = new LayerReader(layer, "work");
    void layer.send("work", note(3));
    await Promise.resolve();
    void layer.send("work", note(4));
    expect(reader.texts).toEqual([1, 2, 3, 4]);
  });

  test("whose reader closes before what waited has come goes on waiting", async () => {
    const layer = memoryLayer();
    await layer.send("work", note(1));
    const brief = new LayerReader(layer, "work");
    void brief.channel.close();
    await Promise.resolve();
    const reader = new LayerReader(layer, "work");
    await Promise.resolve();
    expect([brief.texts, reader.texts]).toEqual([[], [1]]);
  });

  test("lets each message wait for its own expiry", async () => {
    const clock = new FakeClock();
    const layer = memoryLayer({ expiry: 1_000, clock });
    await layer.send("work", note("old"));
    clock.advance(600);
    await layer.send("work", note("young"));
    clock.advance(600);
    const reader = new LayerReader(layer, "work");
    await Promise.resolve();
    expect(reader.texts).toEqual(["young"]);
  });

  test("needs one timer for all that waits, and none when nothing does", async () => {
    const clock = new FakeClock();
    const layer = memoryLayer({ expiry: 1_000, clock });
    const worker = new LayerReader(layer, "busy");
    await layer.send("busy", note("taken at once"));
    expect(worker.texts).toHaveLength(1);
    expect(clock.timers).toBe(0);
    for (const number of numbers(300)) await layer.send(`work ${number % 5}`, note(number));
    expect(clock.timers).toBe(1);
    clock.advance(500);
    await layer.send("work 1", note("younger"));
    clock.advance(500);
    expect(clock.timers).toBe(1);
    clock.advance(1_000);
    expect(clock.timers).toBe(0);
  });

  test("wakes no timer after the layer was closed, and delivers nothing that waited", async () => {
    const clock = new FakeClock();
    const layer = memoryLayer({ clock });
    await layer.send("work", note("waits"));
    const reader = new LayerReader(layer, "work");
    await layer.close();
    expect(clock.timers).toBe(0);
    expect(reader.texts).toEqual([]);
  });

  test("may be in groups; each of its readers gets its own copy, and except means all of them", async () => {
    const layer = memoryLayer();
    const readers = numbers(2).map(() => new LayerReader(layer, "work"));
    for (const { channel } of readers) await layer.join("room", channel);
    await layer.groupSend("room", note("all"));
    await layer.groupSend("room", note("none"), { except: "work" });
    expect(readers.map(({ texts }) => texts)).toEqual([["all"], ["all"]]);
  });
});

describe("the memory layer with a history", () => {
  test("delivers nothing twice to one who leaves and is back inside a delivery", async () => {
    const layer = memoryLayer({ history: kept.rules });
    const member = new LayerReader(layer);
    const group = "kept.room";
    const { position: start } = await layer.join(group, member.channel);
    let isBack = false;
    member.onMessage = () => {
      if (isBack) return;
      isBack = true;
      for (const number of [2, 3]) void layer.groupSend(group, note(number));
      void layer.leave(group, member.channel);
      void layer.join(group, member.channel, { since: start! });
    };
    await layer.groupSend(group, note(1));
    await layer.groupSend(group, note(4));
    expect(member.texts).toEqual([1, 1, 2, 3, 4]);
  });

  test("finds itself the history of a group that everybody left for a while", async () => {
    const clock = new FakeClock();
    const layer = memoryLayer({ clock, history: kept.rules });
    const [first, second] = [new LayerReader(layer), new LayerReader(layer)];
    const { position } = await layer.join("kept.room", first.channel);
    clock.advance(1_000_000);
    await first.channel.close();
    clock.advance(kept.ttl - 1);
    const back = await layer.join("kept.room", second.channel, { since: position! });
    expect(back).toEqual({ position, recovered: true });
    await layer.leave("kept.room", second.channel);
    clock.advance(kept.ttl + 10_000);
    const late = await layer.join("kept.room", first.channel).catch((error: unknown) => error);
    expect(late).toMatchObject({ code: "ERR_CHANNEL_CLOSED" });
    const lost = await layer.join("kept.room", second.channel, { since: position! });
    expect(lost.recovered).toBe(false);
    expect(lost.position).not.toBe(position);
  });

  test("ends every timer with the layer", async () => {
    const clock = new FakeClock();
    const layer = memoryLayer({ clock, history: kept.rules });
    await layer.groupSend("kept.room", note("one"));
    expect(clock.timers).toBe(1);
    await layer.close();
    expect(clock.timers).toBe(0);
  });

  test.each([0, -1, 1.5, Number.NaN])("has no bound of %s bytes", (historyBytes) => {
    expect(() => memoryLayer({ historyBytes })).toThrow(`historyBytes of memoryLayer is`);
  });
});

describe("the memory layer refuses", () => {
  test.each([
    { capacity: -1 },
    { capacity: 1.5 },
    { capacity: Number.NaN },
    { expiry: 0 },
    { expiry: Number.NaN },
    { expiry: Infinity },
    { expiry: 2 ** 31 },
  ])("the options %o", (options) => {
    const [name, value] = Object.entries(options)[0]!;
    expect(() => memoryLayer(options)).toThrow(UsageError);
    expect(() => memoryLayer(options)).toThrow(`${name} of memoryLayer is ${value}`);
  });

  test("a channel of another memory layer, even of the same name", async () => {
    const [one, two] = [memoryLayer(), memoryLayer()];
    const foreign = new LayerReader(two, "work").channel;
    await expect(one.join("room", foreign)).rejects.toMatchObject({ code: "ERR_CHANNEL_CLOSED" });
    await one.leave("room", foreign);
  });
});

test("a layer may be typed by its messages", async () => {
  type Chat = { readonly type: "chat.message"; readonly text: string };
  const layer: ChannelLayer<Chat> = memoryLayer<Chat>();
  const texts: string[] = [];
  const channel = layer.channel({ deliver: (message) => texts.push(message.text) });
  await layer.send(channel.name, { type: "chat.message", text: "typed" });
  // @ts-expect-error: no such message
  await layer.send(channel.name, { type: "chat.typo", text: "x" } satisfies LayerMessage);
  expect(texts).toEqual(["typed", "x"]);
});
