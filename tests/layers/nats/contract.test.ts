import { randomBytes } from "node:crypto";
import type { NatsConnection } from "@nats-io/transport-node";
import { layerChecks } from "sluice/testing";
import { type NatsLayerOptions, natsLayer } from "sluice/layers/nats";
import { afterAll, beforeAll, expect, test } from "vitest";
import { acquaint, pass } from "./acquaint.ts";
import { eventually } from "./ears.ts";
import { NatsServer } from "../../../brokers/nats-server.ts";
import { describeWithNats } from "./describe-with-nats.ts";
import { Wire } from "./wire.ts";

const encryption = { keys: [{ id: "first", key: new Uint8Array(randomBytes(32)) }] };
const history = [{ groups: "kept.*", size: 10 }];
/** For the checks that wait until something is too old. */
const brief = [{ groups: "kept.*", size: 10, ttl: 500, idWindow: 500 }];

interface Setting {
  readonly name: string;
  readonly options: Partial<NatsLayerOptions>;
}

const settings: readonly Setting[] = [
  { name: "NATS alone", options: {} },
  { name: "JetStream in memory", options: { history, jetstream: { storage: "memory" } } },
  { name: "JetStream in files, encrypted", options: { history, encryption } },
];

for (const { name, options } of settings) {
  describeWithNats(`two processes over ${name} keep the promises of the contract`, () => {
    let server: NatsServer;
    let wire: Wire;
    beforeAll(async () => {
      server = await NatsServer.start();
      wire = await Wire.to(server.port);
    });
    afterAll(async () => {
      await wire?.cut();
      await server?.stop();
    });

    const isKept = options.history !== undefined;
    const checks = layerChecks.filter(
      ({ needs, name }) => isKept || (needs !== "history" && !name.includes("with a history have")),
    );
    for (const check of checks) {
      test(check.name, async () => {
        const prefix = `t-${randomBytes(6).toString("hex")}`;
        const errors: unknown[] = [];
        const connections: NatsConnection[] = [];
        const process = async (port: number) => {
          const connection = await server.connect({ servers: `127.0.0.1:${port}` });
          connections.push(connection);
          const onError = (error: unknown) => void errors.push(error);
          const rules = { capacity: 7, expiry: 300, presenceInterval: 20, timeout: 1_000 };
          const isTimed = /too old|forgotten|for a while/.test(check.name);
          const timed = isTimed && isKept ? { history: brief } : {};
          return natsLayer({ connection, prefix, ...rules, onError, ...options, ...timed });
        };
        const [layer, other] = [await process(wire.port), await process(server.port)];
        try {
          await acquaint(layer, other);
          await check.run({
            layer,
            other,
            capacity: 7,
            expire: () => pass(300),
            history: { prefix: "kept.", size: 10, expire: () => pass(600) },
            outage: {
              begin: () => wire.cut(),
              async end() {
                await wire.restore();
                await eventually(() => expect(connections[0]!.info).toBeDefined());
                // What was missed is asked for before this is.
                const last = layer.channel({ deliver() {} });
                await eventually(() => layer.join("kept.known", last).then(() => {}));
                await last.close();
              },
            },
            eventually,
          });
          expect(errors).toEqual([]);
        } finally {
          await wire.restore();
          await Promise.all([layer.close(), other.close()]);
          await Promise.all(connections.map((connection) => connection.close()));
        }
      });
    }
  });
}
