import { describe, test } from "vitest";
import type { ChannelLayer } from "../../../src/layers/channel-layer.ts";
import type { LayerCheckContext } from "../../../src/testing/layer-check.ts";
import { layerChecks } from "../../../src/testing/layer-checks.ts";
import { eventually, Rig } from "./rig.ts";

function context(make: (rig: Rig) => readonly [ChannelLayer, ChannelLayer]): LayerCheckContext {
  const rig = new Rig();
  const [layer, other] = make(rig);
  return {
    layer,
    other,
    capacity: 7,
    expire: () => rig.clock.advance(1_000),
    gather: () => rig.clock.advance(100),
    history: { prefix: "kept.", size: 10, expire: () => rig.clock.advance(20_000) },
    eventually,
  };
}

describe("two workers of one office keep the promises of the contract", () => {
  for (const check of layerChecks) {
    test(check.name, () => check.run(context((rig) => [rig.worker().layer, rig.worker().layer])));
  }
});

describe("a cluster of one keeps the promises of the contract", () => {
  for (const check of layerChecks) {
    test(check.name, () =>
      check.run(
        context((rig) => {
          const { layer } = rig.worker();
          return [layer, layer];
        }),
      ),
    );
  }
});
