import { describe, expect, test } from "vitest";
import { LayerReader, note, numbers } from "../../../src/testing/layer-reader.ts";
import { eventually, quiet, Rig, type TestProcess } from "./rig.ts";

async function processes(rig: Rig, count: number): Promise<TestProcess[]> {
  const made = Array.from({ length: count }, () => rig.process());
  for (const { layer } of made) await layer.groupCount("anybody");
  return made;
}

function texts(readers: readonly LayerReader[]): unknown[] {
  return readers.flatMap((reader) => reader.texts);
}

describe("a message to a fixed name", () => {
  test("goes to a process that reads it, each in its turn, as many as it has readers", async () => {
    const rig = new Rig();
    const [sender, one, two] = (await processes(rig, 3)) as [TestProcess, TestProcess, TestProcess];
    const busy = [new LayerReader(one.layer, "work"), new LayerReader(one.layer, "work")];
    const idle = new LayerReader(two.layer, "work");
    await quiet();
    for (const number of numbers(30)) await sender.layer.send("work", note(number));
    await eventually(() => expect(texts([...busy, idle])).toHaveLength(30));
    expect(busy.map((reader) => reader.texts.length)).toEqual([10, 10]);
    expect(idle.texts).toHaveLength(10);
  });

  test("waits for a reader in the process that first found none, for all senders, up to the capacity", async () => {
    const rig = new Rig();
    const [one, two, three] = (await processes(rig, 3)) as [TestProcess, TestProcess, TestProcess];
    for (const number of numbers(7)) {
      await [one, two, three][number % 3]!.layer.send("work", note(number));
    }
    for (const { layer } of [one, two, three]) {
      await expect(layer.send("work", note("too much"))).rejects.toMatchObject({
        code: "ERR_CHANNEL_FULL",
        temporary: true,
      });
    }
    const reader = new LayerReader(three.layer, "work");
    await eventually(() => expect(reader.texts).toEqual(numbers(7)));
    for (const { layer } of [one, two, three]) await layer.send("work", note("after"));
    await eventually(() => expect(reader.texts).toHaveLength(10));
  });

  test("keeps its sender's order, whether it waits or not", async () => {
    const rig = new Rig();
    const [one, two] = (await processes(rig, 2)) as [TestProcess, TestProcess];
    await one.layer.send("work", note("of another"));
    const sends = numbers(5).map((number) => two.layer.send("work", note(number)));
    await Promise.all(sends);
    const reader = new LayerReader(two.layer, "work");
    const more = numbers(20).map((number) => two.layer.send("work", note(5 + number)));
    await Promise.all(more);
    await eventually(() => expect(reader.texts).toHaveLength(26));
    expect(reader.texts.filter((text) => typeof text === "number")).toEqual(numbers(25));
  });

  test("that two processes let wait in the same moment waits in one of them", async () => {
    const rig = new Rig();
    const [one, two] = (await processes(rig, 2)) as [TestProcess, TestProcess];
    const sends = numbers(10).map((number) =>
      [one, two][number % 2]!.layer.send("work", note(number)),
    );
    const outcomes = await Promise.allSettled(sends);
    const refused = outcomes.filter(({ status }) => status === "rejected");
    expect(refused).toHaveLength(3);
    const reader = new LayerReader(one.layer, "work");
    await eventually(() => expect(reader.texts).toHaveLength(7));
  });

  test("goes to the next reader if its process is gone, and waits if that was the last", async () => {
    const rig = new Rig();
    const [sender, one, two] = (await processes(rig, 3)) as [TestProcess, TestProcess, TestProcess];
    const readers = [new LayerReader(one.layer, "work"), new LayerReader(two.layer, "work")];
    await quiet();
    one.broker.kill();
    for (const number of numbers(6)) await sender.layer.send("work", note(number));
    await eventually(() => expect(readers[1]!.texts).toEqual(numbers(6)));
    two.broker.kill();
    await sender.layer.send("work", note("nobody"));
    const late = new LayerReader(sender.layer, "work");
    await eventually(() => expect(late.texts).toEqual(["nobody"]));
    expect(readers[0]!.texts).toEqual([]);
  });

  test("goes elsewhere if its reader was closed while it was on its way", async () => {
    const rig = new Rig();
    const [sender, one, two] = (await processes(rig, 3)) as [TestProcess, TestProcess, TestProcess];
    const closed = new LayerReader(one.layer, "work");
    await quiet();
    const sent = sender.layer.send("work", note("on its way"));
    await closed.channel.close();
    await sent;
    await quiet();
    const reader = new LayerReader(two.layer, "work");
    await eventually(() => expect(reader.texts).toEqual(["on its way"]));
  });

  test("is not sent again if the process that was to keep it is given up, and has it all the same", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process({ lease: 2_000 }), rig.process({ lease: 2_000 })];
    await Promise.all([one.layer.groupCount("room"), two.layer.groupCount("room")]);
    await one.layer.send("work", note("first"));
    await quiet();
    one.broker.stop();
    const sent = two.layer.send("work", note("second"));
    const failure = expect(sent).rejects.toMatchObject({ code: "ERR_LAYER_UNREACHABLE" });
    for (let passed = 0; passed < 4_000; passed += 250) {
      rig.clock.advance(250);
      await quiet();
    }
    await failure;
    one.broker.goOn();
    await quiet();
    const reader = new LayerReader(one.layer, "work");
    await quiet();
    expect(reader.texts).toEqual(["second"]);
  });

  test("is lost with the process where it waits, and there is room again", async () => {
    const rig = new Rig();
    const [one, two] = (await processes(rig, 2)) as [TestProcess, TestProcess];
    for (const number of numbers(7)) await one.layer.send("work", note(number));
    one.broker.kill();
    for (const number of numbers(7)) await two.layer.send("work", note(7 + number));
    const reader = new LayerReader(two.layer, "work");
    await eventually(() => expect(reader.texts).toEqual(numbers(14).slice(7)));
  });

  test("that expires makes room for another process, which is the keeper then", async () => {
    const rig = new Rig();
    const [one, two] = (await processes(rig, 2)) as [TestProcess, TestProcess];
    for (const number of numbers(7)) await one.layer.send("work", note(number));
    rig.clock.advance(1_000);
    await two.layer.send("work", note("fresh"));
    const reader = new LayerReader(two.layer, "work");
    await eventually(() => expect(reader.texts).toEqual(["fresh"]));
  });

  test("cannot be sent while the engine is away, unless it is read here", async () => {
    const rig = new Rig();
    const [one] = (await processes(rig, 2)) as [TestProcess, TestProcess];
    const reader = new LayerReader(one.layer, "here");
    await quiet();
    one.broker.cut();
    await one.layer.send("here", note("near"));
    expect(reader.texts).toEqual(["near"]);
    await expect(one.layer.send("there", note("far"))).rejects.toMatchObject({
      code: "ERR_LAYER_UNREACHABLE",
    });
  });
});
