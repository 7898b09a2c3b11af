import { describe, expect, test } from "vitest";
import { UsageError } from "../../../src/errors.ts";
import { jsonCodec } from "../../../src/layers/codec.ts";
import { WorkerLayer } from "../../../src/layers/cluster/worker-layer.ts";
import { clusterLayer } from "../../../src/layers/cluster/cluster-layer.ts";
import { FakeClock } from "../../../src/testing/fake-clock.ts";
import { LayerReader, note, numbers, PacedReader } from "../../../src/testing/layer-reader.ts";
import { eventually, quiet, Rig, rules } from "./rig.ts";

describe("a join that is on its way", () => {
  test("ends with a leave or a close that comes after it", async () => {
    const rig = new Rig();
    const [worker, other] = [rig.worker(), rig.worker()];
    for (const part of ["leave", "close"] as const) {
      const reader = new LayerReader(worker.layer);
      const joining = worker.layer.join("kept.room", reader.channel, { since: "x.0" });
      const leaving =
        part === "leave" ? worker.layer.leave("kept.room", reader.channel) : reader.channel.close();
      expect(await joining).toEqual({ recovered: false });
      await leaving;
      expect(await other.layer.groupCount("kept.room")).toBe(0);
      await other.layer.groupSend("kept.room", note(part));
      await quiet();
      expect(reader.texts).toEqual([]);
    }
  });

  test("may be joined again after that", async () => {
    const rig = new Rig();
    const { layer } = rig.worker();
    const reader = new LayerReader(layer);
    const calls = [
      layer.join("room", reader.channel),
      layer.leave("room", reader.channel),
      layer.join("room", reader.channel),
      layer.join("room", reader.channel),
    ];
    await Promise.all(calls);
    expect(await layer.groupCount("room")).toBe(1);
    await layer.groupSend("room", note("once"));
    await eventually(() => expect(reader.texts).toEqual(["once"]));
  });

  test("resolves with the newest position, even while messages before it are on their way", async () => {
    const rig = new Rig();
    const [worker, other] = [rig.worker(), rig.worker()];
    const [first, second] = [new LayerReader(worker.layer), new LayerReader(worker.layer)];
    await worker.layer.join("kept.room", first.channel);
    const sent = numbers(5).map((number) => other.layer.groupSend("kept.room", note(number)));
    const { position } = await worker.layer.join("kept.room", second.channel);
    const positions = await Promise.all(sent);
    await eventually(() => expect(first.texts).toEqual(numbers(5)));
    const next = positions.indexOf(position) + 1;
    expect(second.texts).toEqual(numbers(5).slice(next));
  });
});

describe("on the line", () => {
  test("the letters of one turn are one message, and a group's message is one letter for each worker", async () => {
    const rig = new Rig();
    const [worker, other] = [rig.worker(), rig.worker()];
    for (const _ of numbers(50)) {
      await worker.layer.join("room", new LayerReader(worker.layer).channel);
    }
    await quiet();
    const [before, beforeFar] = [worker.port.received, other.far.received];
    const sent = numbers(100).map((number) => other.layer.groupSend("room", note(number)));
    await Promise.all(sent);
    await quiet();
    // The letters, and the word that what came was read.
    expect(other.far.received - beforeFar).toBeLessThanOrEqual(2);
    expect(worker.port.received - before).toBeLessThanOrEqual(2);
    expect(worker.port.longest).toBeLessThan(100 * 200);
  });

  test("bytes of a codec arrive as bytes", async () => {
    const codec = {
      encode: (message: object) =>
        new TextEncoder().encode(jsonCodec.encode(message as never) as string),
      decode: (encoded: string | Uint8Array) => {
        expect(encoded).toBeInstanceOf(Uint8Array);
        return jsonCodec.decode(encoded);
      },
    };
    const rig = new Rig();
    const [worker, other] = [rig.worker({ codec }), rig.worker({ codec })];
    const reader = new LayerReader(worker.layer);
    await worker.layer.join("kept.room", reader.channel, { presence: { key: "ann", info: "é" } });
    await other.layer.groupSend("kept.room", note("é😀"));
    await other.layer.send(reader.channel.name, note("direct"));
    const { position } = await worker.layer.join(
      "kept.room",
      new LayerReader(worker.layer).channel,
    );
    await eventually(() => expect(reader.texts).toEqual(["é😀", "direct"]));
    expect(position).toBe(reader.deliveries[0]?.position);
    expect(await other.layer.presence("kept.room")).toEqual({
      present: [{ key: "ann", channels: 1, infos: ["é"] }],
    });
  });

  test("what a codec cannot read is reported, and harms nobody", async () => {
    const errors: unknown[] = [];
    const rig = new Rig();
    const broken = {
      encode: jsonCodec.encode,
      decode: (encoded: string | Uint8Array) => {
        if (String(encoded).includes("bad")) throw new Error("cannot read");
        return jsonCodec.decode(encoded);
      },
    };
    const worker = rig.worker({ codec: broken, onError: (error) => errors.push(error) });
    const other = rig.worker();
    const reader = new LayerReader(worker.layer);
    await worker.layer.join("room", reader.channel);
    await other.layer.groupSend("room", note("bad"));
    await other.layer.send(reader.channel.name, note("bad"));
    await other.layer.groupSend("room", note("good"));
    await eventually(() => expect(reader.texts).toEqual(["good"]));
    expect(errors).toHaveLength(2);
  });

  test("a batch that is missing ends the line", async () => {
    const rig = new Rig();
    const { layer, port } = rig.worker();
    await layer.groupCount("room");
    port.send({ number: 99, read: 0, letters: [] });
    await quiet();
    await expect(layer.groupCount("room")).rejects.toMatchObject({ code: "ERR_LAYER_UNREACHABLE" });
    expect(rig.office.workers).toBe(0);
  });
});

describe("a message for a fixed name whose reader closes while it is on its way", () => {
  test("goes to another reader", async () => {
    const rig = new Rig();
    const [worker, other] = [rig.worker(), rig.worker()];
    const gone = new LayerReader(worker.layer, "work");
    await quiet();
    worker.port.stop();
    await other.layer.send("work", note("job"));
    const [here, there] = [
      new LayerReader(worker.layer, "work"),
      new LayerReader(other.layer, "work"),
    ];
    void gone.channel.close();
    await quiet();
    worker.port.goOn();
    await eventually(() => expect([...here.texts, ...there.texts]).toEqual(["job"]));
    expect(gone.texts).toEqual([]);
  });
});

describe("the rules of a cluster", () => {
  test("are those that its first worker states; another one is told both", async () => {
    const rig = new Rig();
    const first = rig.worker();
    const errors: unknown[] = [];
    await first.layer.groupCount("room");
    const second = rig.worker({ capacity: 8, onError: (error) => errors.push(error) });
    await eventually(() => expect(errors).toHaveLength(1));
    expect(errors[0]).toBeInstanceOf(UsageError);
    expect(errors[0]).toMatchObject({
      code: "ERR_INVALID_OPTION",
      message: expect.stringMatching(/capacity of clusterLayer is 8 here and 7 in/) as string,
    });
    await expect(second.layer.groupCount("room")).rejects.toBe(errors[0]);
    expect(rig.office.workers).toBe(1);
    expect(await first.layer.groupCount("room")).toBe(0);
  });

  test("may be others when no worker is left that has the former ones; no position is good then", async () => {
    const rig = new Rig();
    const first = rig.worker();
    const position = await first.layer.groupSend("kept.room", note(0));
    await first.layer.close();
    const history = [{ groups: "kept.*", size: 11 }];
    const { layer } = rig.worker({ history });
    const joined = await layer.join("kept.room", new LayerReader(layer).channel, {
      since: position!,
    });
    expect(joined.recovered).toBe(false);
  });

  test("may say that nothing is recovered; who has missed something is told so", async () => {
    const rig = new Rig();
    const { layer } = rig.worker({ history: [{ groups: "kept.*", recover: 0 }] });
    const first = await layer.groupSend("kept.room", note(0));
    const last = await layer.groupSend("kept.room", note(1));
    const [one, none] = [new LayerReader(layer), new LayerReader(layer)];
    const joined = [
      await layer.join("kept.room", one.channel, { since: first! }),
      await layer.join("kept.room", none.channel, { since: last! }),
    ];
    expect(joined).toEqual([
      { position: last, recovered: false },
      { position: last, recovered: true },
    ]);
    expect([one.texts, none.texts]).toEqual([[], []]);
  });

  test("stay when all workers are gone for a moment, and so do the histories", async () => {
    const rig = new Rig();
    const first = rig.worker();
    const start = await first.layer.groupSend("kept.room", note(0));
    await first.layer.groupSend("kept.room", note(1));
    first.port.cut();
    await quiet();
    const { layer } = rig.worker();
    const reader = new LayerReader(layer);
    const joined = await layer.join("kept.room", reader.channel, { since: start! });
    expect(joined.recovered).toBe(true);
    expect(reader.texts).toEqual([1]);
  });

  test.each([
    ["capacity", -1],
    ["expiry", 0],
    ["historyBytes", 0],
    ["presenceInterval", -1],
    ["timeout", 0],
    ["backlog", 1.5],
  ])("refuse the option %s: %d", (name, value) => {
    expect(() => clusterLayer({ [name]: value })).toThrow(
      `the option ${name} of clusterLayer is ${value}; it must be`,
    );
  });
});

describe("a cluster of one process", () => {
  test("delivers, keeps histories, and sets no timer that would keep the process alive", async () => {
    const clock = new FakeClock();
    const layer = clusterLayer({ ...rules, clock });
    const reader = new PacedReader(layer);
    await layer.join("kept.room", reader.channel);
    const position = await layer.groupSend("kept.room", note("hello"));
    await eventually(() => expect(reader.texts).toEqual(["hello"]));
    expect(reader.deliveries[0]?.position).toBe(position);
    await layer.close();
    // The history's, which is in the background.
    expect(clock.timers).toBeLessThanOrEqual(1);
  });

  test("without a line says that there is none", async () => {
    const layer = new WorkerLayer();
    await expect(layer.groupCount("room")).rejects.toMatchObject({ code: "ERR_LAYER_UNREACHABLE" });
    await layer.close();
    await expect(layer.groupCount("room")).rejects.toMatchObject({ code: "ERR_LAYER_CLOSED" });
  });
});
