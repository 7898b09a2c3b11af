import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ClusterDiagnostics } from "../../../src/layers/cluster/diagnostics.ts";
import { LayerReader, note, numbers, PacedReader } from "../../../src/testing/layer-reader.ts";
import { eventually, quiet, Rig } from "./rig.ts";

const away = { code: "ERR_LAYER_UNREACHABLE", temporary: true };

let losses: ClusterDiagnostics["sluice:cluster.loss"][] = [];
const onLoss = (message: unknown): void => {
  losses.push(message as (typeof losses)[number]);
};
beforeEach(() => {
  losses = [];
  subscribe("sluice:cluster.loss", onLoss);
});
afterEach(() => unsubscribe("sluice:cluster.loss", onLoss));

describe("a worker whose process is gone", () => {
  test("is no member of anything, from that moment on, and the others hear of it", async () => {
    const rig = new Rig();
    const [worker, other] = [rig.worker(), rig.worker()];
    const told: string[] = [];
    await other.layer.watch("*", { vacated: (group) => told.push(group) });
    const listener = new LayerReader(other.layer);
    await other.layer.join("room", listener.channel, { presenceEvents: "changes" });
    const { channel } = new LayerReader(worker.layer);
    await worker.layer.join("room", channel, { presence: { key: "ann" } });
    await worker.layer.join("hall", channel);
    rig.clock.advance(100);
    await eventually(() => expect(listener.messages).toHaveLength(1));

    worker.port.cut();
    await quiet();
    expect(told).toEqual(["hall"]);
    expect(await other.layer.groupCount("room")).toBe(1);
    expect(await other.layer.isMember("room", channel.name)).toBe(false);
    expect(await other.layer.presence("room")).toEqual({ present: [] });
    rig.clock.advance(100);
    await eventually(() => expect(listener.messages[1]).toMatchObject({ left: [{ key: "ann" }] }));
    expect(rig.office.workers).toBe(1);
  });

  test("leaves what is sent to its fixed name to others", async () => {
    const rig = new Rig();
    const [worker, other] = [rig.worker(), rig.worker()];
    const gone = new LayerReader(worker.layer, "work");
    await quiet();
    worker.port.cut();
    await quiet();
    await other.layer.send("work", note(1));
    const reader = new LayerReader(other.layer, "work");
    await eventually(() => expect(reader.texts).toEqual([1]));
    expect(gone.texts).toEqual([]);
  });
});

describe("a worker that has lost its line", () => {
  test("says so at once in everything that needs the office, and leaves and closes all the same", async () => {
    const rig = new Rig();
    const { layer, port } = rig.worker();
    const [staying, leaving] = [new LayerReader(layer), new LayerReader(layer)];
    await layer.join("room", leaving.channel);
    const pending = layer.groupSend("room", note("never known"));
    port.cut();
    await expect(pending).rejects.toMatchObject(away);
    await expect(layer.groupSend("room", note(1))).rejects.toMatchObject(away);
    await expect(layer.send("work", note(1))).rejects.toMatchObject(away);
    await expect(layer.join("room", staying.channel)).rejects.toMatchObject(away);
    await expect(layer.groupCount("room")).rejects.toMatchObject(away);
    await expect(layer.watch("*", {})).rejects.toMatchObject(away);
    await layer.leave("room", leaving.channel);
    await staying.channel.close();
    await layer.close();
  });

  test("is a member again when it has another one, and misses nothing that is in a history", async () => {
    const rig = new Rig();
    const [worker, other] = [rig.worker(), rig.worker()];
    const [reader, named] = [new PacedReader(worker.layer), new LayerReader(worker.layer, "work")];
    await worker.layer.join("kept.room", reader.channel);
    await worker.layer.join("room", reader.channel);
    await other.layer.groupSend("kept.room", note(0));
    await eventually(() => expect(reader.texts).toEqual([0]));

    worker.port.cut();
    await quiet();
    for (const number of [1, 2, 3]) await other.layer.groupSend("kept.room", note(number));
    await other.layer.groupSend("room", note("lost"));
    rig.connect(worker.layer);
    await eventually(() => expect(reader.texts).toEqual([0, 1, 2, 3]));
    expect(losses).toEqual([{ reason: "away", messages: undefined }]);
    expect(await other.layer.groupCount("kept.room")).toBe(1);
    expect(await other.layer.isMember("room", reader.channel.name)).toBe(true);
    await other.layer.groupSend("room", note("live"));
    await other.layer.send(reader.channel.name, note("direct"));
    await other.layer.send("work", note("job"));
    await eventually(() => {
      expect(reader.texts).toEqual([0, 1, 2, 3, "live", "direct"]);
      expect(named.texts).toEqual(["job"]);
    });
    expect(reader.gaps).toEqual([]);
  });

  test("is counted once, also while nobody has noticed that the former line is dead", async () => {
    const rig = new Rig();
    const [worker, other] = [rig.worker(), rig.worker()];
    await worker.layer.join("room", new LayerReader(worker.layer).channel);
    // Its end is never told to the office.
    worker.port.close = () => {};
    rig.connect(worker.layer);
    await quiet();
    expect(await other.layer.groupCount("room")).toBe(1);
    expect(rig.office.workers).toBe(2);
  });

  test("is told a gap where the history does not reach back, and goes on from there", async () => {
    const rig = new Rig();
    const [worker, other] = [rig.worker(), rig.worker()];
    const reader = new PacedReader(worker.layer);
    await worker.layer.join("kept.room", reader.channel);
    worker.port.cut();
    let top: string | undefined;
    for (const number of numbers(12)) top = await other.layer.groupSend("kept.room", note(number));
    rig.connect(worker.layer);
    await eventually(() => expect(reader.gaps).toMatchObject([{ group: "kept.room", top }]));
    await other.layer.groupSend("kept.room", note("live"));
    await eventually(() => expect(reader.texts).toEqual(["live"]));
  });

  test("tells its watchers and listeners what has changed meanwhile, and nothing twice", async () => {
    const rig = new Rig();
    const [worker, other] = [rig.worker(), rig.worker()];
    const told: string[] = [];
    await worker.layer.watch("*", {
      occupied: (group) => told.push(`+${group}`),
      vacated: (group) => told.push(`-${group}`),
    });
    const listener = new LayerReader(worker.layer);
    const [ann, bob] = [new LayerReader(other.layer), new LayerReader(other.layer)];
    await other.layer.join("room", ann.channel, { presence: { key: "ann", info: [1] } });
    await worker.layer.join("room", listener.channel, { presenceEvents: "changes" });
    await other.layer.join("old", ann.channel);
    await eventually(() => expect(told).toEqual(["+room", "+old"]));
    const brief = new LayerReader(other.layer);
    await other.layer.join("room", brief.channel, { presence: { key: "brief" } });
    rig.clock.advance(100);
    await quiet();
    await brief.channel.close();
    rig.clock.advance(100);
    await quiet();
    expect(listener.messages.at(-1)).toMatchObject({ left: [{ key: "brief" }] });
    listener.messages.length = 0;

    worker.port.cut();
    await quiet();
    await ann.channel.close();
    await other.layer.join("room", bob.channel, { presence: { key: "bob", info: [2] } });
    await other.layer.join("new", bob.channel);
    rig.clock.advance(100);
    rig.connect(worker.layer);
    await eventually(() => expect(told).toEqual(["+room", "+old", "-old", "+new"]));
    await eventually(() => expect(listener.messages).toHaveLength(1));
    expect(listener.messages[0]).toEqual({
      type: "presence.changed",
      joined: [{ key: "bob", channels: 1, infos: [[2]] }],
      updated: [],
      left: [{ key: "ann", channels: 1, infos: [[1]] }],
      keys: 1,
      channels: 1,
    });
  });
});

describe("a worker that stands still", () => {
  test("costs the office a bounded heap of letters, and the others no time", async () => {
    const backlog = 40_000;
    const rig = new Rig({ backlog });
    const [worker, other] = [rig.worker(), rig.worker()];
    const [slow, kept] = [new PacedReader(worker.layer), new PacedReader(worker.layer)];
    const quick = new LayerReader(other.layer);
    await worker.layer.join("room", slow.channel);
    await worker.layer.join("kept.room", kept.channel);
    await other.layer.join("room", quick.channel);
    worker.port.stop();
    const text = "x".repeat(500);
    for (const number of numbers(200)) {
      await other.layer.groupSend("room", note(`${number} ${text}`));
      if (number % 25 === 0) await other.layer.groupSend("kept.room", note(number));
      const waiting = rig.office.unread();
      expect(waiting).toBeLessThanOrEqual(backlog);
    }
    expect(quick.messages).toHaveLength(200);

    worker.port.goOn();
    await eventually(() => expect(kept.texts).toEqual([0, 25, 50, 75, 100, 125, 150, 175]));
    expect(kept.gaps).toEqual([]);
    expect(losses).toHaveLength(1);
    const { reason, messages = 0 } = losses[0]!;
    const lostOfKept = kept.messages.length;
    expect(reason).toBe("backlog");
    expect(slow.messages.length).toBeGreaterThan(10);
    expect(slow.messages.length + messages).toBeGreaterThanOrEqual(200);
    expect(slow.messages.length + messages).toBeLessThanOrEqual(200 + lostOfKept);
    await other.layer.groupSend("room", note("live"));
    await eventually(() => expect(slow.texts.at(-1)).toBe("live"));
  });

  test("is passed by where readers of a fixed name compete", async () => {
    const rig = new Rig({ backlog: 10_000 });
    const [worker, other] = [rig.worker(), rig.worker()];
    const [slow, quick] = [
      new LayerReader(worker.layer, "work"),
      new LayerReader(other.layer, "work"),
    ];
    await quiet();
    worker.port.stop();
    for (const number of numbers(100))
      await other.layer.send("work", note([number, "x".repeat(400)]));
    worker.port.goOn();
    await eventually(() => expect(slow.messages.length + quick.messages.length).toBe(100));
    expect(slow.messages.length).toBeGreaterThan(0);
    expect(quick.messages.length).toBeGreaterThan(60);
    const before = slow.messages.length;
    for (const number of numbers(10)) await other.layer.send("work", note(number));
    await eventually(() => expect(slow.messages.length + quick.messages.length).toBe(110));
    expect(slow.messages.length).toBeGreaterThan(before);
  });

  test("for longer than its lease is given up; it comes back by itself and misses no history", async () => {
    const rig = new Rig({ lease: 1_000 });
    const expired: unknown[] = [];
    const onExpire = (message: unknown): void => void expired.push(message);
    subscribe("sluice:cluster.expire", onExpire);
    const [worker, other] = [rig.worker(), rig.worker()];
    const told: string[] = [];
    await other.layer.watch("*", {
      occupied: (group) => told.push(`+${group}`),
      vacated: (group) => told.push(`-${group}`),
    });
    const reader = new PacedReader(worker.layer);
    await worker.layer.join("kept.room", reader.channel);
    await eventually(() => expect(told).toEqual(["+kept.room"]));

    worker.port.stop();
    worker.far.stop();
    let passed = 0;
    for (; told.length < 2 && passed < 3_000; passed += 50) await pass(rig, 50);
    expect(told).toEqual(["+kept.room", "-kept.room"]);
    expect(passed).toBeLessThanOrEqual(1_000 + 250 + 50);
    expect(expired).toMatchObject([{ silence: expect.any(Number) as number }]);
    expect(await other.layer.groupCount("kept.room")).toBe(0);
    for (const number of numbers(5)) await other.layer.groupSend("kept.room", note(number));

    worker.far.goOn();
    worker.port.goOn();
    await eventually(() => expect(reader.texts).toEqual(numbers(5)));
    expect(await other.layer.groupCount("kept.room")).toBe(1);
    expect(told.at(-1)).toBe("+kept.room");
    for (let time = 0; time < 3_000; time += 100) await pass(rig, 100);
    expect(rig.office.workers).toBe(2);
    unsubscribe("sluice:cluster.expire", onExpire);
  });

  test("is not given up when it was the office that stood still", async () => {
    const rig = new Rig({ lease: 1_000 });
    const worker = rig.worker();
    await worker.layer.join("room", new LayerReader(worker.layer).channel);
    const told: string[] = [];
    await worker.layer.watch("*", { vacated: (group) => told.push(group) });
    rig.clock.stall(60_000);
    await quiet();
    expect(told).toEqual([]);
    expect(losses).toEqual([]);
    expect(rig.office.workers).toBe(1);
    expect(await worker.layer.groupCount("room")).toBe(1);
  });
});

describe("an office that does not answer", () => {
  test("is told from one that does, in bounded time, and what was late is undone", async () => {
    const rig = new Rig();
    const [worker, other] = [rig.worker({ timeout: 500 }), rig.worker()];
    const [reader, late] = [new PacedReader(worker.layer), new PacedReader(worker.layer)];
    await worker.layer.join("kept.room", reader.channel);
    worker.far.stop();
    const asked = [
      worker.layer.groupSend("kept.room", note(0)),
      worker.layer.send("work", note(0)),
      worker.layer.join("kept.room", late.channel),
    ];
    await quiet();
    rig.clock.advance(500);
    for (const each of asked) {
      await expect(each).rejects.toMatchObject(away);
      await expect(each).rejects.toThrow("did not answer within 500 ms");
    }
    worker.far.goOn();
    await quiet();
    expect(await other.layer.groupCount("kept.room")).toBe(1);
    await eventually(() => expect(reader.texts).toEqual([0]));
    expect(late.texts).toEqual([]);
  });

  test("is not flooded: what would be too much unread is refused", async () => {
    const rig = new Rig();
    const worker = rig.worker({ backlog: 5_000 });
    worker.far.stop();
    const sent = numbers(50).map(() => worker.layer.groupSend("room", note("x".repeat(400))));
    const results = await Promise.race([
      Promise.allSettled(sent.slice(30)),
      quiet().then(() => undefined),
    ]);
    expect(results?.map(({ status }) => status)).toEqual(numbers(20).map(() => "rejected"));
    await expect(sent.at(-1)).rejects.toThrow("lie unread, of 5000");
    worker.far.goOn();
    await Promise.allSettled(sent);
    await worker.layer.groupSend("room", note("again"));
  });

  test("and whose answer to a read does not come, brings its members up when it is back", async () => {
    const rig = new Rig();
    const [worker, other] = [rig.worker({ timeout: 500 }), rig.worker()];
    const reader = new PacedReader(worker.layer);
    await worker.layer.join("kept.room", reader.channel);
    reader.room = 0;
    await other.layer.groupSend("kept.room", note(0));
    await eventually(() => expect(reader.refused).toBe(1));
    worker.far.stop();
    reader.room = Infinity;
    reader.channel.resume();
    await quiet();
    rig.clock.advance(500);
    await quiet();
    worker.far.goOn();
    await worker.layer.groupCount("kept.room");
    await eventually(() => expect(reader.texts).toEqual([0]));
  });
});

/** Lets time pass as it does: with turns of the event loop in between. */
async function pass(rig: Rig, duration: number): Promise<void> {
  rig.clock.advance(duration);
  await quiet();
}
