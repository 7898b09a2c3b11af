import { type ChannelLayer, type LayerMessage, memoryLayer, worker } from "sluice";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { Gate } from "./gate.ts";
import { settle } from "./rig.ts";

/** Handlers that go on until their gate is opened, and a list of what they do. */
class Shop {
  readonly lines: string[] = [];
  readonly gates = new Map<unknown, Gate>();

  readonly handlers = {
    "shop.make": async ({ id }: LayerMessage): Promise<void> => {
      const gate = new Gate();
      this.gates.set(id, gate);
      this.lines.push(`make ${id}`);
      await gate.passed;
      this.lines.push(`made ${id}`);
    },
    "shop.note": ({ id }: LayerMessage): void => {
      this.lines.push(`note ${id}`);
    },
    "shop.fail": ({ how }: LayerMessage): Promise<never> => {
      const error = new Error(`${how}`);
      if (how === "thrown") throw error;
      return Promise.reject(error);
    },
  };

  async made(id: number): Promise<void> {
    this.gates.get(id)!.open();
    await settle();
  }
}

function make(layer: ChannelLayer, id: number): Promise<void> {
  return layer.send("shop", { type: "shop.make", id });
}

describe("a worker", () => {
  test("reads the channels that its types begin with, or the one that it is told", async () => {
    const layer = memoryLayer();
    const lines: string[] = [];
    const note = ({ type }: LayerMessage, { channel }: { readonly channel: string }) =>
      void lines.push(`${type} in ${channel}`);
    const usual = worker({ "a.b": note, "a.c": note, "d.e.f": note }, layer);
    const told = worker({ "a.b": note, "d.e": note }, layer, { channel: "all" });
    expect([usual.channels, told.channels]).toEqual([["a", "d"], ["all"]]);
    await layer.send("a", { type: "a.c" });
    await layer.send("d", { type: "d.e.f" });
    await layer.send("all", { type: "d.e" });
    expect(lines).toEqual(["a.c in a", "d.e.f in d", "d.e in all"]);
  });

  test("handles one message at a time and in order, also those from before its time", async () => {
    const layer = memoryLayer();
    const shop = new Shop();
    await make(layer, 1);
    await make(layer, 2);
    const maker = worker(shop.handlers, layer);
    await make(layer, 3);
    await settle();
    expect([shop.lines.splice(0), maker.running]).toEqual([["make 1"], 1]);
    await shop.made(1);
    await shop.made(2);
    await shop.made(3);
    expect(shop.lines).toEqual(["made 1", "make 2", "made 2", "make 3", "made 3"]);
    await layer.send("shop", { type: "shop.note", id: 4 });
    expect([shop.lines.at(-1), maker.running]).toEqual(["note 4", 0]);
  });

  test("with a concurrency handles so many at a time, and leaves the rest to whoever is free", async () => {
    const layer = memoryLayer({ capacity: 1 });
    const [one, other] = [new Shop(), new Shop()];
    worker(one.handlers, layer, { concurrency: 2 });
    worker(other.handlers, layer);
    for (const id of [1, 2, 3]) await make(layer, id);
    expect([one.lines.splice(0), other.lines.splice(0)]).toEqual([
      ["make 1", "make 3"],
      ["make 2"],
    ]);
    await make(layer, 4);
    await expect(make(layer, 5)).rejects.toMatchObject({ code: "ERR_CHANNEL_FULL" });
    await other.made(2);
    expect([one.lines, other.lines]).toEqual([[], ["made 2", "make 4"]]);
  });

  test("hands what fails to onError, with its message, and goes on", async () => {
    const layer = memoryLayer();
    const shop = new Shop();
    const errors: unknown[] = [];
    worker(shop.handlers, layer, {
      onError: (error, { type }) => errors.push([(error as Error).message, type]),
    });
    await layer.send("shop", { type: "shop.fail", how: "thrown" });
    await layer.send("shop", { type: "shop.fail", how: "rejected" });
    await settle();
    await layer.send("shop", { type: "shop.steal" });
    await layer.send("shop", { type: "shop.note", id: 1 });
    expect(errors).toEqual([
      ["thrown", "shop.fail"],
      ["rejected", "shop.fail"],
      [
        'worker has no method "shop.steal" for a layer message of that type, which was dropped',
        "shop.steal",
      ],
    ]);
    expect(shop.lines).toEqual(["note 1"]);
  });

  test("whose layer is closed meanwhile says so", async () => {
    const layer = memoryLayer();
    const shop = new Shop();
    const errors: unknown[] = [];
    worker(shop.handlers, layer, { onError: (error) => errors.push(error) });
    await make(layer, 1);
    await layer.close();
    await shop.made(1);
    expect(errors).toMatchObject([{ code: "ERR_LAYER_CLOSED" }]);
  });
});

describe("stop", () => {
  test("reads no more at once, and waits for what is at work", async () => {
    const layer = memoryLayer();
    const shop = new Shop();
    const clock = new FakeClock();
    const maker = worker(shop.handlers, layer, { concurrency: 2, clock });
    await make(layer, 1);
    let stopped = false;
    const stopping = maker.stop().then(() => (stopped = true));
    await make(layer, 2);
    await settle();
    expect([shop.lines, stopped]).toEqual([["make 1"], false]);
    await shop.made(1);
    await stopping;
    expect(clock.timers).toBe(0);

    const next = new Shop();
    worker(next.handlers, layer);
    await settle();
    expect([shop.lines, next.lines]).toEqual([["make 1", "made 1"], ["make 2"]]);
  });

  test("of an idle worker is done at once, and twice is once", async () => {
    await using maker = worker(new Shop().handlers, memoryLayer());
    await maker.stop();
  });

  test("lets go of what goes on too long, by its signal and in a report", async () => {
    const layer = memoryLayer();
    const clock = new FakeClock();
    const errors: unknown[] = [];
    const signals: AbortSignal[] = [];
    const maker = worker(
      { "shop.hang": (_message, { signal }) => (signals.push(signal), new Promise(() => {})) },
      layer,
      { clock, onError: (error) => errors.push(error) },
    );
    await layer.send("shop", { type: "shop.hang" });
    const patient = maker.stop();
    const hasty = maker.stop({ timeout: 500 });
    clock.advance(499);
    expect(signals[0]!.aborted).toBe(false);
    clock.advance(1);
    await Promise.all([patient, hasty]);
    expect(signals[0]!.aborted).toBe(true);
    expect(errors).toMatchObject([
      {
        code: "ERR_HANDLER_TIMEOUT",
        message: "a worker's handler went on for more than 500 ms, and was let go",
      },
    ]);
    expect(clock.timers).toBe(0);
  });
});

describe("worker refuses", () => {
  const layer = memoryLayer();
  const note = () => {};
  test.each<[string, () => unknown, string]>([
    ["no handler", () => worker({}, layer), "worker was given no handler"],
    [
      "a type without a dot",
      () => worker({ note } as object, layer),
      'worker was given a handler for "note", a type without a dot',
    ],
    [
      "a concurrency of 0",
      () => worker({ "a.b": note }, layer, { concurrency: 0 }),
      "the option concurrency of worker is 0; it must be a whole number from 1",
    ],
    ["a channel that cannot be", () => worker({ "a.b": note }, layer, { channel: "" }), "channel"],
  ])("%s", (_what, make, message) => {
    expect(make).toThrow(message);
  });
});
