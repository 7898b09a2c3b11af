import { BrokerLayer } from "../../../src/layers/broker/broker-layer.ts";
import type { BrokerLayerOptions } from "../../../src/layers/broker/options.ts";
import { FakeClock } from "../../../src/testing/fake-clock.ts";
import { type ModelBroker, ModelEngine, type ModelEngineOptions } from "./model-broker.ts";

/** The rules that the checks of the contract ask for. */
export const rules = {
  capacity: 7,
  expiry: 1_000,
  history: [{ groups: "kept.*", size: 10, ttl: 20_000, idWindow: 15_000 }],
  // The clock's jumps are no silence, unless the test is about that.
  lease: 10_000_000,
} as const;

/** One process: a layer and its connection to the engine. */
export interface TestProcess {
  readonly layer: BrokerLayer;
  readonly broker: ModelBroker;
}

/** An engine and processes, all in one, on a clock that the test turns. */
export class Rig {
  readonly clock: FakeClock = new FakeClock();
  readonly engine: ModelEngine;
  readonly errors: unknown[] = [];

  constructor(options: Partial<ModelEngineOptions> = {}) {
    this.engine = new ModelEngine({ clock: this.clock, ...options });
  }

  /** Another process, which begins. */
  process(
    options: BrokerLayerOptions = {},
    broker: ModelBroker = this.engine.broker(),
  ): TestProcess {
    const onError = (error: unknown): void => void this.errors.push(error);
    const layer = new BrokerLayer(broker, { ...rules, clock: this.clock, onError, ...options });
    return { layer, broker };
  }
}

/** Resolves when everything that was said has come, and what was answered to it. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when `condition` stops throwing. */
export async function eventually(condition: () => void): Promise<void> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    try {
      return condition();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
