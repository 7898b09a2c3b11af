import { randomBytes } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, test } from "vitest";
import { Sealer } from "../../../src/layers/broker/sealer.ts";
import { HistoryRules } from "../../../src/layers/history-rule.ts";
import { LayerReader, note, numbers, PacedReader } from "../../../src/testing/layer-reader.ts";
import { eventually, quiet, Rig, type TestProcess } from "./rig.ts";

const group = "kept.room";
const rule = new HistoryRules([{ groups: "kept.*", ttl: 1_000_000 }]).of(group)!;

async function listen({ layer }: TestProcess, since?: string): Promise<PacedReader> {
  const reader = new PacedReader(layer);
  await layer.join(group, reader.channel, since === undefined ? {} : { since });
  return reader;
}

function key(id: string): { id: string; key: Uint8Array } {
  return { id, key: new Uint8Array(randomBytes(32)) };
}

describe("a group with a history", () => {
  test("is mended when a live message is lost and another one follows", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    const reader = await listen(one);
    let lost = 2;
    one.broker.copies = (arrival) => ("group" in arrival && lost-- > 0 ? 0 : 1);
    for (const number of numbers(5)) await two.layer.groupSend(group, note(number));
    await eventually(() => expect(reader.texts).toEqual(numbers(5)));
    expect(reader.gaps).toEqual([]);
  });

  test("that has fallen quiet is compared with the engine, and the last message is found", async () => {
    const rig = new Rig();
    const history = [rule];
    const [one, two] = [rig.process({ history }), rig.process({ history })];
    const reader = await listen(one);
    await two.layer.groupSend(group, note("came"));
    one.broker.copies = () => 0;
    await two.layer.groupSend(group, note("lost"));
    await quiet();
    one.broker.copies = () => 1;
    expect(reader.texts).toEqual(["came"]);
    rig.clock.advance(80_000);
    await eventually(() => expect(reader.texts).toEqual(["came", "lost"]));
  });

  test("gives each message once, however often it arrives", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    one.broker.copies = () => 3;
    const reader = await listen(one);
    for (const number of numbers(5)) await two.layer.groupSend(group, note(number));
    await eventually(() => expect(reader.texts).toEqual(numbers(5)));
    await quiet();
    expect(reader.texts).toEqual(numbers(5));
  });

  test("of which the engine has lost the newest messages goes on with a gap, never as recovered", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    const reader = await listen(one);
    for (const number of numbers(5)) await two.layer.groupSend(group, note(number));
    await eventually(() => expect(reader.texts).toEqual(numbers(5)));
    const last = reader.deliveries.at(-1)!.position!;
    rig.engine.loseNewest(group, 3);
    for (const number of numbers(4)) await two.layer.groupSend(group, note(10 + number));
    await eventually(() => expect(reader.texts.at(-1)).toBe(13));
    expect(reader.gaps).toMatchObject([{ lastSeen: last }]);
    const late = new LayerReader(two.layer);
    const joined = await two.layer.join(group, late.channel, { since: last });
    expect(joined.recovered).toBe(false);
  });

  test("is not read for all groups at once after an outage", async () => {
    const rig = new Rig();
    const [one] = [rig.process()];
    const reader = new LayerReader(one.layer);
    for (const number of numbers(500)) await one.layer.join(`kept.${number}`, reader.channel);
    let [inside, most] = [0, 0];
    one.broker.gate = (call) => {
      if (!call.startsWith("read ")) return undefined;
      inside += 1;
      most = Math.max(most, inside);
      return new Promise((resolve) =>
        setImmediate(() => {
          inside -= 1;
          resolve();
        }),
      );
    };
    const before = one.broker.calls.filter((call) => call.startsWith("read ")).length;
    one.broker.cut();
    one.broker.restore();
    await eventually(() => {
      const reads = one.broker.calls.filter((call) => call.startsWith("read ")).length;
      expect(reads - before).toBe(500);
    });
    expect(most).toBe(64);
  });
});

describe("a message of a history that cannot be read", () => {
  test("is told as a gap at once, and nobody is recovered over it", async () => {
    const rig = new Rig();
    const one = rig.process({ encryption: { keys: [key("ours")] } });
    const stranger = new Sealer({ keys: [key("theirs")] });
    const ignored: unknown[] = [];
    const hear = (message: unknown): void => void ignored.push(message);
    subscribe("sluice:broker.ignore", hear);
    const reader = await listen(one);
    const start = await one.layer.groupSend(group, note("readable"));
    const data = stranger.seal(`g${group}`, [Buffer.from("not for us")]);
    rig.engine.append({ group, rule, data, id: undefined });
    await eventually(() => expect(reader.gaps).toHaveLength(1));
    unsubscribe("sluice:broker.ignore", hear);
    expect(ignored).toContainEqual({ reason: "key", to: "group" });
    await one.layer.groupSend(group, note("after"));
    await eventually(() => expect(reader.texts).toEqual(["readable", "after"]));
    expect(reader.gaps).toMatchObject([{ lastSeen: start }]);
    const back = new LayerReader(one.layer);
    const { recovered } = await one.layer.join(group, back.channel, { since: start! });
    expect(recovered).toBe(false);
    expect(back.texts).toEqual([]);
  });

  test("of another group, copied into this one, is not taken for one of it", async () => {
    const rig = new Rig();
    const options = { encryption: { keys: [key("one")] } };
    const [one] = [rig.process(options)];
    const reader = await listen(one);
    const start = await one.layer.groupSend(group, note("one"));
    await one.layer.groupSend("kept.other", note("secret"));
    await one.layer.groupSend(group, note("two"));
    await eventually(() => expect(reader.texts).toEqual(["one", "two"]));
    rig.engine.spoil(group, rig.engine.kept("kept.other")[0]!.data);
    const back = new LayerReader(one.layer);
    const { recovered } = await one.layer.join(group, back.channel, { since: start! });
    expect(recovered).toBe(false);
    expect(back.texts).toEqual([]);
  });
});
