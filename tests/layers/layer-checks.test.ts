import { describe, expect, test } from "vitest";
import type { ChannelLayer, LayerMessage } from "../../src/layers/channel-layer.ts";
import { jsonCodec } from "../../src/layers/codec.ts";
import { memoryLayer, type MemoryLayerOptions } from "../../src/layers/memory.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { layerChecks } from "../../src/testing/layer-checks.ts";
import { brokenHistories } from "./broken-histories.ts";
import { altered, brokenLayers, turn } from "./broken-layers.ts";
import { brokenMembers } from "./broken-members.ts";
import { brokenPresence } from "./broken-presence.ts";

/** How long `eventually` waits, in milliseconds: broken layers never deliver what it waits for. */
const patience = { broken: 5, slow: 5_000 };

/** The checks that need no backend, which could be away. */
const inMemory = layerChecks.filter(({ needs }) => needs !== "outage");

/** Runs every check on fresh layers and returns the promises that were broken. */
async function brokenPromises(
  make: (options: MemoryLayerOptions) => ChannelLayer,
  options: { other?: () => ChannelLayer; patience?: number } = {},
): Promise<Map<string, unknown>> {
  const broken = new Map<string, unknown>();
  for (const check of inMemory) {
    const clock = new FakeClock();
    const history = [{ groups: "kept.*", size: 10, ttl: 20_000, idWindow: 15_000 }];
    const layer = make({ capacity: 7, expiry: 1_000, clock, history, onError: () => {} });
    const context = {
      layer,
      other: options.other?.() ?? layer,
      capacity: 7,
      expire: () => clock.advance(1_000),
      gather: () => clock.advance(100),
      history: { prefix: "kept.", size: 10, expire: () => clock.advance(20_000) },
      eventually: (condition: () => void) =>
        retried(condition, options.patience ?? patience.broken),
    };
    await check.run(context).catch((error: unknown) => broken.set(check.name, error));
  }
  return broken;
}

function eventually(condition: () => void): Promise<void> {
  return retried(condition, patience.slow);
}

async function retried(condition: () => void, duration: number): Promise<void> {
  const deadline = performance.now() + duration;
  for (;;) {
    try {
      return condition();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await turn();
    }
  }
}

/** A layer as one over a network is: whatever is asked of it happens in a later turn, in order. */
function distant(options: MemoryLayerOptions): ChannelLayer {
  const layer = memoryLayer(options);
  let line: Promise<unknown> = Promise.resolve();
  const later = <T>(act: () => Promise<T>): Promise<T> => {
    const result = line.then(turn).then(act);
    line = result.catch(() => {});
    return result;
  };
  const written = (message: LayerMessage): LayerMessage => {
    try {
      return jsonCodec.decode(jsonCodec.encode(message));
    } catch {
      return message; // The layer itself will say what is wrong with it.
    }
  };
  return altered(layer, {
    send(channel, message) {
      const copy = written(message);
      return later(() => layer.send(channel, copy));
    },
    join: (...call) => later(() => layer.join(...call)),
    groupSend(group, message, more) {
      const copy = written(message);
      return later(() => layer.groupSend(group, copy, more));
    },
  });
}

describe("the checks for layers", () => {
  test("have names of their own", () => {
    expect(new Set(layerChecks.map(({ name }) => name)).size).toBe(layerChecks.length);
  });

  test("that need more than others say so where it is not given", async () => {
    for (const check of layerChecks) {
      const clock = new FakeClock();
      const layer = memoryLayer({ capacity: 7, clock });
      const expire = (): void => clock.advance(60_000);
      const gather = (): void => clock.advance(100);
      const run = check.run({ layer, other: layer, capacity: 7, expire, gather, eventually });
      if (check.needs === undefined) await run;
      else await expect(run).rejects.toThrow(`give \`${check.needs}\``);
    }
  });

  test("ask for nothing that only an immediate layer can do", async () => {
    const broken = await brokenPromises(distant, { patience: patience.slow });
    expect([...broken]).toEqual([]);
  }, 60_000);

  // Each run serves two tests, in whatever order they come.
  const broken = [...brokenLayers, ...brokenMembers, ...brokenHistories, ...brokenPresence];
  const runs = broken.map((broken) => {
    let run: Promise<string[]> | undefined;
    const noticed = (): Promise<string[]> =>
      (run ??= brokenPromises(broken.make).then((promises) => [...promises.keys()]));
    return { broken, noticed };
  });

  for (const { broken, noticed } of runs) {
    test(`notice a layer that ${broken.layer}`, async () => {
      expect(await noticed()).toEqual(expect.arrayContaining([...broken.noticed]));
    });
  }

  test("notice two layers that are not connected", async () => {
    const broken = await brokenPromises(memoryLayer, { other: () => memoryLayer() });
    expect(broken.size).toBeGreaterThan(layerChecks.length / 3);
  });

  test("can all fail: each one notices a mistake of the layers above", async () => {
    const noticed = new Set<string>();
    for (const run of runs) for (const name of await run.noticed()) noticed.add(name);
    expect(inMemory.map(({ name }) => name).filter((name) => !noticed.has(name))).toEqual([]);
  }, 60_000);
});
