import { describe, expect, test } from "vitest";
import { BrokerLayer } from "../../../src/layers/broker/broker-layer.ts";
import type { BrokerLayerOptions } from "../../../src/layers/broker/options.ts";
import { note, numbers } from "../../../src/testing/layer-reader.ts";
import { quiet, Rig } from "./rig.ts";

describe("options", () => {
  const range = "it must be a whole number from";
  test.each([
    [{ capacity: -1 }, `the option capacity of redisLayer is -1; ${range} 0 to 2147483647`],
    [{ expiry: 0 }, `the option expiry of redisLayer is 0; ${range} 1`],
    [{ presenceInterval: 0.5 }, "the option presenceInterval of redisLayer is 0.5"],
    [{ lease: 99 }, `the option lease of redisLayer is 99; ${range} 100`],
    [{ timeout: "5s" as never }, "the option timeout of redisLayer is 5s"],
    [{ checkInterval: Number.NaN }, "the option checkInterval of redisLayer is NaN"],
    [{ backlog: Infinity }, "the option backlog of redisLayer is Infinity"],
    [{ history: {} as never }, "the option history must be a list of rules"],
    [{ encryption: { keys: [] } }, "the option encryption.keys must be a list of 1 to 100 keys"],
  ] as const satisfies readonly (readonly [BrokerLayerOptions, string])[])(
    "out of range are refused at the call: %#",
    (options, message) => {
      const broker = new Rig().engine.broker();
      const make = (): BrokerLayer => new BrokerLayer(broker, options, "redisLayer");
      expect(make).toThrow(message);
      expect(make).toThrow(expect.objectContaining({ code: "ERR_INVALID_OPTION" }));
    },
  );
});

describe("what waits for the engine", () => {
  test("has a bound in bytes, beyond which nothing more is taken for now", async () => {
    const rig = new Rig();
    const { layer, broker } = rig.process({ backlog: 10_000 });
    await layer.groupCount("room");
    const held: (() => void)[] = [];
    broker.gate = (call) =>
      call.startsWith("published") ? new Promise((resolve) => held.push(resolve)) : undefined;
    const sends = numbers(20).map(() => layer.groupSend("room", note("x".repeat(1_000))));
    const outcomes = Promise.allSettled(sends);
    broker.gate = () => undefined;
    for (const goOn of held) goOn();
    const refused = (await outcomes).filter((outcome) => outcome.status === "rejected");
    expect(refused.length).toBeGreaterThan(9);
    for (const { reason } of refused as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code: "ERR_LAYER_UNREACHABLE", temporary: true });
      expect(String(reason)).toMatch(/\d+ bytes to the broker are on their way, of 10000/);
    }
    await layer.groupSend("room", note("again"));
  });

  test("is no larger than the engine takes", async () => {
    const rig = new Rig({ maxSize: 5_000 });
    const { layer } = rig.process();
    for (const group of ["room", "kept.room"]) {
      await expect(layer.groupSend(group, note("x".repeat(6_000)))).rejects.toMatchObject({
        code: "ERR_LAYER_MESSAGE",
        temporary: false,
        message: expect.stringContaining("exceeds the limit of 5000 of this broker"),
      });
      await layer.groupSend(group, note("x".repeat(4_000)));
    }
  });
});

describe("what waits for other processes", () => {
  test("is so many questions at most, and more are refused for now", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    await Promise.all([one.layer.groupCount("room"), two.layer.groupCount("room")]);
    two.broker.stop();
    const counts = Promise.allSettled(numbers(10_050).map(() => one.layer.groupCount("room")));
    await quiet();
    two.broker.goOn();
    const refused = (await counts).filter((outcome) => outcome.status === "rejected");
    expect(refused).toHaveLength(50);
    expect((refused[0] as PromiseRejectedResult).reason).toMatchObject({
      code: "ERR_LAYER_UNREACHABLE",
      temporary: true,
      message: "count: 10000 questions wait for answers of other processes",
    });
    expect(await one.layer.groupCount("room")).toBe(0);
  });
});
