import { describe, test } from "vitest";
import type { LayerCheckContext } from "../../../src/testing/layer-check.ts";
import { layerChecks } from "../../../src/testing/layer-checks.ts";
import { eventually, quiet, Rig, type TestWorker } from "./rig.ts";

function context(make: (rig: Rig) => readonly [TestWorker, TestWorker]): LayerCheckContext {
  const rig = new Rig();
  const [{ layer, port }, { layer: other }] = make(rig);
  return {
    layer,
    other,
    capacity: 7,
    expire: () => rig.clock.advance(1_000),
    gather: () => rig.clock.advance(100),
    history: { prefix: "kept.", size: 10, expire: () => rig.clock.advance(20_000) },
    outage: {
      begin: () => port.cut(),
      end() {
        rig.connect(layer);
        return quiet();
      },
    },
    eventually,
  };
}

describe("two workers of one office keep the promises of the contract", () => {
  for (const check of layerChecks) {
    test(check.name, () => check.run(context((rig) => [rig.worker(), rig.worker()])));
  }
});

describe("a cluster of one keeps the promises of the contract", () => {
  // With one worker there is no other one that an outage leaves alone.
  for (const check of layerChecks.filter(({ needs }) => needs !== "outage")) {
    test(check.name, () =>
      check.run(
        context((rig) => {
          const worker = rig.worker();
          return [worker, worker];
        }),
      ),
    );
  }
});
