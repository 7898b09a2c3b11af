import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { BrokerLayerOptions } from "../../../src/layers/broker/options.ts";
import type { LayerCheckContext } from "../../../src/testing/layer-check.ts";
import { layerChecks } from "../../../src/testing/layer-checks.ts";
import type { ModelEngineOptions } from "./model-broker.ts";
import { eventually, quiet, Rig } from "./rig.ts";

const encryption = { keys: [{ id: "first", key: new Uint8Array(randomBytes(32)) }] };

interface Setting {
  readonly name: string;
  readonly engine: Partial<ModelEngineOptions>;
  readonly layer: BrokerLayerOptions;
}

const settings: readonly Setting[] = [
  { name: "that counts each group by itself", engine: {}, layer: {} },
  { name: "that counts all groups together", engine: { isSparse: true }, layer: {} },
  { name: "that may not read what it carries", engine: {}, layer: { encryption } },
];

for (const { name, engine, layer: options } of settings) {
  describe(`two processes over an engine ${name} keep the promises of the contract`, () => {
    for (const check of layerChecks) {
      test(check.name, async () => {
        const rig = new Rig(engine);
        const [one, another] = [rig.process(options), rig.process(options)];
        const context: LayerCheckContext = {
          layer: one.layer,
          other: another.layer,
          capacity: 7,
          expire: () => rig.clock.advance(1_000),
          async gather() {
            await quiet();
            rig.clock.advance(100);
          },
          history: { prefix: "kept.", size: 10, expire: () => rig.clock.advance(20_000) },
          outage: {
            begin: () => one.broker.cut(),
            end() {
              one.broker.restore();
              return quiet();
            },
          },
          eventually,
        };
        await check.run(context);
        expect(rig.errors).toEqual([]);
      });
    }
  });
}
