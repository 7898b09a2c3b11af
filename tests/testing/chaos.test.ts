import { type LayerMessage, memoryLayer } from "sluice";
import { type ChaosOptions, chaosLayer, FakeClock } from "sluice/testing";
import { describe, expect, test } from "vitest";

/** Sends the numbers from 0 to 99 to a group, one each millisecond; resolves with what arrives. */
async function arrivals(options: ChaosOptions) {
  const clock = new FakeClock();
  const layer = chaosLayer(memoryLayer({ clock }), { clock, ...options });
  const arrived: unknown[] = [];
  const channel = layer.channel({ deliver: ({ n }: LayerMessage) => arrived.push(n) });
  await layer.join("group", channel);
  for (const n of numbers) {
    void layer.groupSend("group", { type: "test.number", n }).catch(() => {});
    clock.advance(1);
  }
  clock.advance(1_000);
  return { arrived, layer, channel, clock };
}

const numbers = [...new Array(100).keys()];

describe("chaos", () => {
  test("without any is none", async () => {
    expect((await arrivals({ seed: 1 })).arrived).toEqual(numbers);
  });

  test("is the same for the same seed, and another for another", async () => {
    const options = { drop: 0.2, delay: 20, reorder: 0.3, disconnect: 0.1 };
    const { arrived: first } = await arrivals({ seed: 7, ...options });
    const { arrived: again } = await arrivals({ seed: 7, ...options });
    const { arrived: other } = await arrivals({ seed: 8, ...options });
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test("drops about as many as it was told, and the rest come in order", async () => {
    const { arrived } = await arrivals({ seed: 1, drop: 0.2 });
    expect(arrived.length).toBeGreaterThan(70);
    expect(arrived.length).toBeLessThan(90);
    expect(arrived).toEqual([...arrived].sort((a, b) => Number(a) - Number(b)));
    expect((await arrivals({ seed: 1, drop: 1 })).arrived).toEqual([]);
  });

  test("delays, and keeps the order", async () => {
    const { arrived, layer, clock } = await arrivals({ seed: 1, delay: 50 });
    expect(arrived).toEqual(numbers);
    void layer.groupSend("group", { type: "test.number", n: "late" });
    void layer.groupSend("group", { type: "test.number", n: "later" });
    expect(arrived).toEqual(numbers);
    clock.advance(50);
    expect(arrived.slice(-2)).toEqual(["late", "later"]);
  });

  test("reorders, and loses nothing", async () => {
    const { arrived } = await arrivals({ seed: 1, delay: 20, reorder: 0.5 });
    expect(arrived).not.toEqual(numbers);
    expect([...arrived].sort((a, b) => Number(a) - Number(b))).toEqual(numbers);
  });

  test("disconnects: calls reject for now, and nothing of them happened", async () => {
    const { arrived, layer, channel } = await arrivals({ seed: 1, disconnect: 0.5 });
    expect(arrived.length).toBeGreaterThan(20);
    expect(arrived.length).toBeLessThan(80);
    const gone = chaosLayer(memoryLayer(), { seed: 1, disconnect: 1 });
    const lost = { code: "ERR_LAYER_UNREACHABLE", temporary: true };
    await expect(gone.groupSend("group", { type: "a.b" })).rejects.toMatchObject(lost);
    await expect(gone.send("channel", { type: "a.b" })).rejects.toMatchObject(lost);
    await expect(gone.join("group", gone.channel({ deliver() {} }))).rejects.toMatchObject(lost);
    await layer.leave("group", channel);
  });

  test.each(["leave", "close", "the layer's close"])(
    "delivers nothing after %s, also what was on its way",
    async (how) => {
      const { arrived, layer, channel, clock } = await arrivals({ seed: 1, delay: 500 });
      await layer.groupSend("group", { type: "test.number", n: "too late" });
      if (how === "leave") await layer.leave("group", channel);
      else if (how === "close") await channel.close();
      else await layer.close();
      clock.advance(1_000);
      expect(arrived).toEqual(numbers);
      expect(clock.timers).toBe(0);
    },
  );

  test.each<[Partial<ChaosOptions>, string]>([
    [{ seed: 0.5 }, "the option seed of chaosLayer is 0.5; it must be a whole number"],
    [{ drop: 2 }, "the option drop of chaosLayer is 2; it must be a probability from 0 to 1"],
    [{ delay: -1 }, "the option delay of chaosLayer is -1; it must be a time from 0"],
    [{ reorder: 1 }, "the option delay of chaosLayer is 0; it must be above 0"],
  ])("of %j is refused", (options, sentence) => {
    expect(() => chaosLayer(memoryLayer(), { seed: 1, ...options })).toThrow(sentence);
  });
});
