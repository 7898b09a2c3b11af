import { describe, expect, test } from "vitest";
import { memoryLayer } from "../../src/layers/memory.ts";
import { LayerReader, numbers } from "../../src/testing/layer-reader.ts";

describe("those who watch groups", () => {
  test("see one order, also of what happens while they are told", async () => {
    const layer = memoryLayer();
    const { channel } = new LayerReader(layer);
    const told: string[][] = [[], []];
    await layer.watch("room", {
      occupied: (group) => {
        told[0]!.push(`+ ${group}`);
        void layer.leave("room", channel);
      },
      vacated: (group) => told[0]!.push(`- ${group}`),
    });
    await layer.watch("*", {
      occupied: (group) => told[1]!.push(`+ ${group}`),
      vacated: (group) => told[1]!.push(`- ${group}`),
    });
    await layer.join("room", channel);
    expect(told).toEqual([
      ["+ room", "- room"],
      ["+ room", "- room"],
    ]);
  });

  test("are told before the join or leave that they hear of has returned", async () => {
    const layer = memoryLayer();
    const told: string[] = [];
    await layer.watch("room.*", { occupied: (group) => told.push(group) });
    const { channel } = new LayerReader(layer);
    void layer.join("room.1", channel);
    expect(told).toEqual(["room.1"]);
  });

  test("that throw are reported, and the others hear of it all the same", async () => {
    const errors: unknown[] = [];
    const layer = memoryLayer({ onError: (error) => errors.push(error) });
    const told: string[] = [];
    const bug = new Error("bug");
    await layer.watch("*", {
      occupied() {
        throw bug;
      },
    });
    await layer.watch("*", { occupied: (group) => told.push(group) });
    await layer.join("room", new LayerReader(layer).channel);
    expect([errors, told]).toEqual([[bug], ["room"]]);
  });

  test("hear nothing more once they, or the layer, are closed", async () => {
    const layer = memoryLayer();
    const told: string[] = [];
    const watch = await layer.watch("*", {
      occupied: (group) => {
        told.push(group);
        void watch.close();
      },
    });
    await layer.watch("*", { vacated: (group) => told.push(group) });
    const { channel } = new LayerReader(layer);
    for (const number of numbers(3)) await layer.join(`room.${number}`, channel);
    expect(told).toEqual(["room.0"]);
    await layer.close();
    expect(told).toEqual(["room.0"]);
  });
});
