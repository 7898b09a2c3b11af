import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { NatsBroker } from "../../../src/layers/nats/nats-broker.ts";
import { brokerChecks } from "../broker-checks.ts";
import { NatsServer } from "../../../brokers/nats-server.ts";
import { describeWithNats } from "./describe-with-nats.ts";

describeWithNats("what a layer relies on in a broker, over NATS", () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await NatsServer.start();
  });
  afterEach(() => server.disconnect());
  afterAll(() => server?.stop());

  brokerChecks(async () => {
    // Each test has rules of its own, and so streams of its own.
    const name = expect.getState().currentTestName!;
    const prefix = createHash("sha256").update(name).digest("hex").slice(0, 12);
    return new NatsBroker({ connection: await server.connect(), prefix });
  });
});
