import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { memoryLayer, type MemoryLayerOptions } from "../../src/layers/memory.ts";
import { PresenceBoard } from "../../src/layers/presence-board.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { LayerReader, numbers } from "../../src/testing/layer-reader.ts";

function shown(key: string, info?: unknown) {
  return { key, info, text: JSON.stringify(info) ?? "" };
}

describe("the board of a group", () => {
  test("knows what has changed since it was asked, by key", () => {
    const board = new PresenceBoard();
    board.set("tab 1", shown("ann", 1));
    board.set("tab 2", shown("bob", 2));
    expect(board.takeChanges()).toEqual({
      joined: [
        { key: "ann", channels: 1, infos: [1] },
        { key: "bob", channels: 1, infos: [2] },
      ],
      updated: [],
      left: [],
    });
    expect(board.takeChanges()).toBeUndefined();
    board.set("tab 3", shown("ann", 3));
    board.delete("tab 2");
    board.delete("tab 4");
    expect(board.takeChanges()).toEqual({
      joined: [],
      updated: [{ key: "ann", channels: 2, infos: [1, 3] }],
      left: [{ key: "bob", channels: 1, infos: [2] }],
    });
    expect(board.count).toEqual({ keys: 1, channels: 2 });
  });

  test("says nothing of what came and went, or of what is as it was", () => {
    const board = new PresenceBoard();
    board.set("tab 1", shown("ann", 1));
    board.set("tab 2", shown("ann", 2));
    board.takeChanges();
    board.delete("tab 1");
    board.set("tab 3", shown("ann", 1));
    board.set("tab 4", shown("bob"));
    board.delete("tab 4");
    board.set("tab 2", shown("ann", 2));
    expect(board.isDirty).toBe(true);
    expect(board.takeChanges()).toBeUndefined();
    board.set("tab 2", shown("ann", 2));
    expect(board.isDirty).toBe(false);
  });

  test("moves a member that takes another key", () => {
    const board = new PresenceBoard();
    board.set("tab", shown("guest"));
    board.takeChanges();
    board.set("tab", shown("ann"));
    expect(board.takeChanges()).toEqual({
      joined: [{ key: "ann", channels: 1, infos: [] }],
      updated: [],
      left: [{ key: "guest", channels: 1, infos: [] }],
    });
  });

  test("tells the last 16 of a thousand connections of one key, and how many there are", () => {
    const board = new PresenceBoard();
    for (const number of numbers(1_000)) board.set(number, shown("ann", number));
    const [ann] = board.page().present;
    expect(ann!.channels).toBe(1_000);
    expect(ann!.infos).toEqual(numbers(1_000).slice(-16));
  });
});

describe("presence in memory", () => {
  function layerWith(options: MemoryLayerOptions = {}) {
    const clock = new FakeClock();
    return { clock, layer: memoryLayer({ clock, ...options }) };
  }

  test("is told once in an interval, by one timer for all groups, which is set only then", async () => {
    const { clock, layer } = layerWith({ presenceInterval: 250 });
    const listeners = numbers(3).map(() => new LayerReader(layer));
    for (const [index, { channel }] of listeners.entries()) {
      await layer.join(`room ${index}`, channel, { presenceEvents: "changes" });
    }
    expect(clock.timers).toBe(0);
    for (const number of numbers(300)) {
      const { channel } = new LayerReader(layer);
      await layer.join(`room ${number % 3}`, channel, { presence: { key: `user ${number}` } });
    }
    expect(clock.timers).toBe(1);
    clock.advance(249);
    expect(listeners.map(({ messages }) => messages.length)).toEqual([0, 0, 0]);
    clock.advance(1);
    expect(listeners.map(({ messages }) => messages.length)).toEqual([1, 1, 1]);
    expect(listeners[0]!.messages[0]).toMatchObject({ keys: 100, channels: 100 });
    expect(clock.timers).toBe(0);
  });

  test("is one frozen message for all who are told", async () => {
    const { clock, layer } = layerWith();
    const listeners = numbers(2).map(() => new LayerReader(layer));
    for (const { channel } of listeners) {
      await layer.join("room", channel, { presenceEvents: "changes", presence: { key: "ann" } });
    }
    clock.advance(100);
    const [one, two] = listeners.map(({ messages }) => messages[0]);
    expect(one).toBe(two);
    expect(Object.isFrozen(one)).toBe(true);
  });

  test("lasts as long as the membership, and leaves nothing behind", async () => {
    const { clock, layer } = layerWith();
    const listener = new LayerReader(layer);
    await layer.join("room", listener.channel, { presenceEvents: "count" });
    for (const number of numbers(50)) {
      const { channel } = new LayerReader(layer);
      await layer.join("room", channel, { presence: { key: `user ${number}` } });
      await layer.join("elsewhere", channel, { presence: { key: `user ${number}` } });
      await channel.close();
    }
    clock.advance(100);
    expect(listener.messages).toEqual([]);
    expect(await layer.presence("elsewhere")).toEqual({ present: [] });
    expect(clock.timers).toBe(0);
  });

  test("tells nothing more once the layer is closed", async () => {
    const { clock, layer } = layerWith();
    const listener = new LayerReader(layer);
    await layer.join("room", listener.channel, {
      presenceEvents: "changes",
      presence: { key: "ann" },
    });
    await layer.close();
    expect(clock.timers).toBe(0);
    expect(listener.messages).toEqual([]);
  });

  test.each([-1, Number.NaN, 2 ** 31])("has no interval of %s", (presenceInterval) => {
    expect(() => memoryLayer({ presenceInterval })).toThrow(UsageError);
  });
});
