import { memoryLayer } from "sluice";
import {
  chaosLayer,
  FakeClock,
  type LayerCheckContext,
  layerChecks,
  recorder,
} from "sluice/testing";
import { describe, expect, test } from "vitest";

describe.each([
  ["a recorder", recorder],
  ["a chaos layer without chaos", (layer) => chaosLayer(layer, { seed: 1 })],
] satisfies [string, (layer: ReturnType<typeof memoryLayer>) => ReturnType<typeof memoryLayer>][])(
  "%s keeps every promise of the layer inside",
  (_what, wrap) => {
    const checks = layerChecks.filter(({ needs }) => needs !== "outage");
    test.each(checks.map((check) => [check.name, check] as const))("%s", (_name, check) =>
      check.run(context(wrap)),
    );
  },
);

function context(
  wrap: (layer: ReturnType<typeof memoryLayer>) => ReturnType<typeof memoryLayer>,
): LayerCheckContext {
  const clock = new FakeClock();
  const history = [{ groups: "kept.*", size: 10, ttl: 20_000, idWindow: 15_000 }];
  const layer = wrap(memoryLayer({ capacity: 7, expiry: 1_000, clock, history }));
  return {
    layer,
    other: layer,
    capacity: 7,
    expire: () => clock.advance(1_000),
    gather: () => clock.advance(100),
    history: { prefix: "kept.", size: 10, expire: () => clock.advance(20_000) },
    async eventually(condition) {
      await Promise.resolve();
      condition();
    },
  };
}

test("a channel of another layer cannot join through one", async () => {
  const foreign = memoryLayer().channel({ deliver() {} });
  await expect(recorder().join("lobby", foreign)).rejects.toMatchObject({
    code: "ERR_CHANNEL_CLOSED",
  });
});
