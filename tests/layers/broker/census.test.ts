import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { LayerReader, note } from "../../../src/testing/layer-reader.ts";
import { eventually, quiet, Rig, type TestProcess } from "./rig.ts";

async function counts(processes: readonly TestProcess[], group = "room"): Promise<number[]> {
  return Promise.all(processes.map(({ layer }) => layer.groupCount(group)));
}

async function member({ layer }: TestProcess, group = "room"): Promise<LayerReader> {
  const reader = new LayerReader(layer);
  await layer.join(group, reader.channel);
  return reader;
}

/** Advances the clock in small steps, as it goes when nobody stands still. */
async function pass(rig: Rig, duration: number): Promise<void> {
  for (let passed = 0; passed < duration; passed += 250) {
    rig.clock.advance(250);
    await quiet();
  }
}

describe("processes that begin", () => {
  test("all at once know each other before their first joins resolve", async () => {
    const rig = new Rig();
    const processes = Array.from({ length: 8 }, () => rig.process());
    await Promise.all(processes.map((process) => member(process)));
    expect(await counts(processes)).toEqual(processes.map(() => 8));
  });

  test("one after the other, too, wherever it is asked first", async () => {
    const rig = new Rig();
    const processes: TestProcess[] = [];
    for (let count = 1; count <= 6; count += 1) {
      const process = rig.process();
      processes.push(process);
      await member(process);
      expect(await counts(processes)).toEqual(processes.map(() => count));
    }
  });

  test("at any distance know each other, whatever steps of theirs meet", async () => {
    for (let distance = 0; distance < 40; distance += 1) {
      const rig = new Rig();
      const first = rig.process();
      for (let step = 0; step < distance; step += 1) await Promise.resolve();
      const second = rig.process();
      await Promise.all([member(first), member(second)]);
      expect(await counts([first, second]), `${distance} microtasks apart`).toEqual([2, 2]);
    }
  });

  test("while the engine is away are known once it is there", async () => {
    const rig = new Rig();
    const first = rig.process({ lease: 10_000 });
    await member(first);
    const broker = rig.engine.broker();
    broker.cut();
    const second = rig.process({ lease: 10_000 }, broker);
    const reader = new LayerReader(second.layer);
    await expect(second.layer.join("room", reader.channel)).rejects.toMatchObject({
      code: "ERR_LAYER_UNREACHABLE",
      temporary: true,
    });
    broker.restore();
    await second.layer.join("room", reader.channel);
    expect(await counts([first, second])).toEqual([2, 2]);
  });

  test("cannot join while another one stands still, and can when that was given up", async () => {
    const rig = new Rig();
    const [first, stopped] = [rig.process({ lease: 8_000 }), rig.process({ lease: 8_000 })];
    await Promise.all([member(first), member(stopped)]);
    stopped.broker.stop();
    const late = rig.process({ lease: 8_000 });
    const reader = new LayerReader(late.layer);
    const join = late.layer.join("room", reader.channel);
    const failure = expect(join).rejects.toMatchObject({ code: "ERR_LAYER_UNREACHABLE" });
    await pass(rig, 6_000);
    await failure;
    await pass(rig, 8_000);
    await late.layer.join("room", reader.channel);
    expect(await counts([first, late])).toEqual([2, 2]);
  });

  test("beside one that is dead, which the engine takes for alive, begin after its lease", async () => {
    const rig = new Rig();
    const dead = rig.process({ lease: 8_000 });
    await member(dead);
    dead.broker.stop();
    const late = rig.process({ lease: 8_000 });
    const reader = new LayerReader(late.layer);
    const failure = expect(late.layer.join("room", reader.channel)).rejects.toMatchObject({
      code: "ERR_LAYER_UNREACHABLE",
    });
    await pass(rig, 6_000);
    await failure;
    await pass(rig, 10_000);
    await late.layer.join("room", reader.channel);
    expect(await late.layer.groupCount("room")).toBe(1);
  });

  test("again and again, because others stand still, do not wait for each other for ever", async () => {
    const rig = new Rig();
    const dead = rig.process({ lease: 8_000 });
    await member(dead);
    dead.broker.stop();
    const late = [rig.process({ lease: 8_000 }), rig.process({ lease: 8_000 })] as const;
    await pass(rig, 3_000);
    const later = rig.process({ lease: 8_000 });
    await pass(rig, 20_000);
    const all = [...late, later];
    await Promise.all(all.map((process) => member(process)));
    expect(await counts(all)).toEqual([3, 3, 3]);
  });
});

describe("a process that ends", () => {
  const expired: unknown[] = [];
  const listen = (message: unknown): void => void expired.push(message);
  beforeEach(() => subscribe("sluice:broker.expire", listen));
  afterEach(() => {
    unsubscribe("sluice:broker.expire", listen);
    expired.length = 0;
  });

  test("says goodbye, and is not counted from then on", async () => {
    const rig = new Rig();
    const processes = [rig.process(), rig.process()] as const;
    for (const process of processes) await member(process);
    await processes[0].layer.close();
    await quiet();
    expect(await processes[1].layer.groupCount("room")).toBe(1);
    expect(expired).toEqual([]);
  });

  test("without a word is left out of the first answer that would need it", async () => {
    const rig = new Rig();
    const processes = [rig.process(), rig.process(), rig.process()] as const;
    for (const process of processes) await member(process);
    processes[1].broker.kill();
    expect(await processes[0].layer.groupCount("room")).toBe(2);
    expect(expired).toEqual([{ reason: "gone" }]);
  });

  test("while it is asked is left out of the answer", async () => {
    const rig = new Rig();
    const [asker, other] = [rig.process(), rig.process()];
    for (const process of [asker, other]) await member(process);
    other.broker.stop();
    const count = asker.layer.groupCount("room");
    await quiet();
    other.broker.kill();
    // Whatever is sent there next shows that it is gone.
    await asker.layer.presenceCount("room");
    expect(await count).toBe(1);
  });

  test("without the engine's noticing is given up after its lease", async () => {
    const rig = new Rig();
    const [asker, other] = [rig.process({ lease: 4_000 }), rig.process({ lease: 4_000 })];
    for (const process of [asker, other]) await member(process);
    other.broker.stop();
    await pass(rig, 6_000);
    expect(await asker.layer.groupCount("room")).toBe(1);
    expect(expired).toContainEqual({ reason: "silent" });
  });
});

describe("a process that stands still", () => {
  test("lets a question fail in time, and answers the next when it goes on", async () => {
    const rig = new Rig();
    const [asker, other] = [rig.process(), rig.process()];
    for (const process of [asker, other]) await member(process);
    other.broker.stop();
    const count = asker.layer.groupCount("room");
    const failure = expect(count).rejects.toMatchObject({
      code: "ERR_LAYER_UNREACHABLE",
      temporary: true,
      message: "count: 1 processes did not answer within 5000 ms",
    });
    await quiet();
    rig.clock.advance(5_000);
    await failure;
    other.broker.goOn();
    expect(await asker.layer.groupCount("room")).toBe(2);
  });

  test("and was given up is known again when it goes on, with all that it has", async () => {
    const rig = new Rig();
    const [asker, other] = [rig.process({ lease: 4_000 }), rig.process({ lease: 4_000 })];
    await member(asker);
    const reader = await member(other);
    const told: string[] = [];
    await asker.layer.watch("*", {
      occupied: (group) => told.push(`+${group}`),
      vacated: (group) => told.push(`-${group}`),
    });
    await member(other, "elsewhere");
    await eventually(() => expect(told).toEqual(["+room", "+elsewhere"]));
    other.broker.stop();
    await pass(rig, 6_000);
    expect(told).toEqual(["+room", "+elsewhere", "-elsewhere"]);
    other.broker.goOn();
    await pass(rig, 2_000);
    expect(await counts([asker, other])).toEqual([2, 2]);
    expect(told.at(-1)).toBe("+elsewhere");
    await asker.layer.groupSend("room", note("there?"));
    await eventually(() => expect(reader.texts).toEqual(["there?"]));
  });
});

describe("what nobody of ours says", () => {
  test("is counted, and harms nobody", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    for (const process of [one, two]) await member(process);
    const ignored: unknown[] = [];
    const listen = (message: unknown): void => void ignored.push(message);
    subscribe("sluice:broker.ignore", listen);
    const from = "A".repeat(16);
    const garbage = [
      "",
      "x",
      "null",
      "[]",
      '{"kind":"no such"}',
      '{"kind":"hello","from":7}',
      `{"kind":"ask","from":"${from}","request":1,"question":"members","about":{}}`,
      `{"kind":"ask","from":"${from}","request":1,"question":"none","about":{"limit":-1}}`,
      `{"kind":"part","from":"${from}","topic":"n","stream":1,"number":1,"entries":[["x"],["y",null],["z",{}]],"isWhole":true}`,
      `{"kind":"answer","from":"${from}","request":99}`,
      `{"kind":"direct","to":1e9,"data":"x"}`,
      `{"kind":"direct","to":"a name","data":"not json"}`,
    ];
    for (const text of garbage) {
      for (const head of [0, 1, 2]) {
        rig.engine.publish("a", Buffer.concat([Buffer.of(head), Buffer.from(text)]));
      }
    }
    await quiet();
    unsubscribe("sluice:broker.ignore", listen);
    expect(ignored.length).toBeGreaterThan(2 * garbage.length);
    expect(rig.errors).toEqual([]);
    expect(await counts([one, two])).toEqual([2, 2]);
  });
});
