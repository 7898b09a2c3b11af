import { describe, expect, test } from "vitest";
import type { PresenceChanged } from "../../../src/layers/channel-layer.ts";
import { LayerReader, numbers } from "../../../src/testing/layer-reader.ts";
import type { Arrival } from "./model-broker.ts";
import { eventually, quiet, Rig, type TestProcess } from "./rig.ts";

/** Who is there, as a listener was told. */
class Told extends LayerReader {
  readonly present: Set<string> = new Set();

  override deliver(message: never, delivery: never): void {
    super.deliver(message, delivery);
    const { joined, left } = message as PresenceChanged;
    for (const { key } of joined) this.present.add(key);
    for (const { key } of left) this.present.delete(key);
  }

  get keys(): string[] {
    return [...this.present].sort();
  }
}

async function listen({ layer }: TestProcess): Promise<Told> {
  const told = new Told(layer);
  await layer.join("room", told.channel, { presenceEvents: "changes" });
  return told;
}

async function come({ layer }: TestProcess, key: string): Promise<LayerReader> {
  const reader = new LayerReader(layer);
  await layer.join("room", reader.channel, { presence: { key, info: { name: key } } });
  return reader;
}

/** Lets what was said arrive, and what was gathered be told. */
async function gather(rig: Rig): Promise<void> {
  await quiet();
  rig.clock.advance(100);
  await quiet();
}

/** Loses letters of a kind that come to a process. */
function lose({ broker }: TestProcess, kind: string, count: number): void {
  let left = count;
  broker.copies = (arrival: Arrival) => {
    if (left === 0 || !("address" in arrival)) return 1;
    if (!Buffer.from(arrival.data).includes(`"kind":"${kind}"`)) return 1;
    left -= 1;
    return 0;
  };
}

describe("who listens to who is in a group", () => {
  test("is not told of those who were there before, and hears of everybody after", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    await come(one, "ann");
    await come(two, "bob");
    const told = await listen(two);
    await gather(rig);
    expect(told.messages).toEqual([]);
    const cid = await come(one, "cid");
    await come(two, "dan");
    await gather(rig);
    expect(told.keys).toEqual(["cid", "dan"]);
    expect(told.messages.at(-1)).toMatchObject({ keys: 4, channels: 4 });
    await cid.channel.close();
    await gather(rig);
    expect(told.keys).toEqual(["dan"]);
    expect(told.messages).toHaveLength(2);
  });

  test("hears that those who were in a dead process have gone", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    const told = await listen(one);
    await come(two, "ann");
    await gather(rig);
    expect(told.keys).toEqual(["ann"]);
    two.broker.kill();
    await one.layer.presenceCount("room");
    await gather(rig);
    expect(told.keys).toEqual([]);
  });

  test("hears nothing of one who goes and comes back elsewhere within the interval", async () => {
    const rig = new Rig();
    const [one, two, three] = [rig.process(), rig.process(), rig.process()];
    const told = await listen(one);
    const former = await come(two, "ann");
    await gather(rig);
    await Promise.all([former.channel.close(), come(three, "ann")]);
    await gather(rig);
    expect(told.messages).toHaveLength(1);
  });

  test("has the last word right, although letters were lost in the middle", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    const told = await listen(one);
    const members: LayerReader[] = [];
    for (const number of numbers(10)) {
      lose(one, "part", number % 3 === 0 ? 1 : 0);
      members.push(await come(two, `user ${number}`));
      await gather(rig);
    }
    for (const number of numbers(5)) {
      lose(one, "part", number === 2 ? 1 : 0);
      await members[number]!.channel.close();
      await gather(rig);
    }
    expect(told.keys).toEqual(
      numbers(10)
        .slice(5)
        .map((number) => `user ${number}`),
    );
  });

  test("finds out by itself that the last letter was lost", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    const told = await listen(one);
    await gather(rig);
    lose(one, "part", 1);
    await come(two, "ann");
    await gather(rig);
    expect(told.keys).toEqual([]);
    rig.clock.advance(40_000);
    await gather(rig);
    expect(told.keys).toEqual(["ann"]);
  });

  test("hears what has changed while the engine was away", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    const told = await listen(one);
    const gone = await come(two, "gone");
    await come(two, "ann");
    await gather(rig);
    one.broker.cut();
    await gone.channel.close();
    await come(two, "new");
    await gather(rig);
    expect(told.keys).toEqual(["ann", "gone"]);
    one.broker.restore();
    await gather(rig);
    expect(told.keys).toEqual(["ann", "new"]);
    two.broker.cut();
    await quiet();
    two.broker.restore();
    await gather(rig);
    expect(told.keys).toEqual(["ann", "new"]);
  });

  test("is told of so many that one letter cannot hold them", async () => {
    const rig = new Rig({ maxSize: 16_384 });
    const [one, two] = [rig.process(), rig.process()];
    const count = 300;
    await Promise.all(numbers(count).map((number) => come(two, `user ${1_000 + number}`)));
    const told = await listen(one);
    await come(two, "last");
    await gather(rig);
    expect(told.keys).toEqual(["last"]);
    expect(told.messages.at(-1)).toMatchObject({ keys: count + 1 });
    const { keys } = await one.layer.presenceCount("room");
    expect(keys).toBe(count + 1);
    const listed: string[] = [];
    let after: string | undefined;
    do {
      const page = await one.layer.presence("room", { ...(after === undefined ? {} : { after }) });
      listed.push(...page.present.map(({ key }) => key));
      after = page.next;
    } while (after !== undefined && listed.length <= count + 1);
    expect(listed).toHaveLength(count + 1);
    expect(new Set(listed).size).toBe(count + 1);
  });

  test("costs others nothing once it has left", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    const told = await listen(one);
    await gather(rig);
    await told.channel.close();
    await gather(rig);
    const before = two.broker.calls.length;
    await come(two, "ann");
    await come(two, "bob");
    await gather(rig);
    const said = two.broker.calls.slice(before).filter((call) => call.startsWith("publish"));
    expect(said).toEqual([]);
  });

  test("cannot join while another process stands still and does not say who is there", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    await come(two, "ann");
    two.broker.stop();
    const reader = new Told(one.layer);
    const join = one.layer.join("room", reader.channel, { presenceEvents: "changes" });
    const failure = expect(join).rejects.toMatchObject({ code: "ERR_LAYER_UNREACHABLE" });
    await quiet();
    rig.clock.advance(5_000);
    await failure;
    two.broker.goOn();
    await one.layer.join("room", reader.channel, { presenceEvents: "changes" });
    await come(two, "bob");
    await gather(rig);
    expect(reader.keys).toEqual(["bob"]);
  });
});

describe("who watches which groups have members", () => {
  test("hears each change once, wherever the first comes and the last goes", async () => {
    const rig = new Rig();
    const processes = [rig.process(), rig.process(), rig.process()] as const;
    const told: string[] = [];
    await processes[0].layer.watch("room*", {
      occupied: (group) => told.push(`+${group}`),
      vacated: (group) => told.push(`-${group}`),
    });
    const members = [];
    for (const process of processes) members.push(await come(process, "x"));
    await eventually(() => expect(told).toEqual(["+room"]));
    for (const { channel } of members) await channel.close();
    await eventually(() => expect(told).toEqual(["+room", "-room"]));
  });

  test("hears what was lost, and what a dead process leaves", async () => {
    const rig = new Rig();
    const [one, two] = [rig.process(), rig.process()];
    const told: string[] = [];
    await one.layer.watch("*", {
      occupied: (group) => told.push(`+${group}`),
      vacated: (group) => told.push(`-${group}`),
    });
    lose(one, "part", 1);
    await come(two, "ann");
    await quiet();
    expect(told).toEqual([]);
    await two.layer.join("other", new LayerReader(two.layer).channel);
    await eventually(() => expect([...told].sort()).toEqual(["+other", "+room"]));
    two.broker.kill();
    await one.layer.groupCount("room");
    expect([...told.slice(2)].sort()).toEqual(["-other", "-room"]);
  });
});
