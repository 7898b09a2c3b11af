import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisBroker } from "../../../src/layers/redis/redis-broker.ts";
import { describeWithRedis } from "./describe-with-redis.ts";
import { brokerChecks } from "../broker-checks.ts";
import { libraries, type Topology, topologies, type UserClient } from "./topologies.ts";

for (const [name, start] of Object.entries(topologies)) {
  describeWithRedis(`a broker on ${name}`, () => {
    let topology: Topology;
    beforeAll(async () => {
      topology = await start();
    });
    afterAll(async () => {
      for (const server of topology?.servers ?? []) await server.stop();
    });

    describe.each(libraries)("by the package %s", (library) => {
      let client: UserClient;
      beforeAll(async () => {
        client = await topology.client(library);
      });
      afterAll(() => client?.end());

      brokerChecks(() => new RedisBroker({ connection: client.connection }));

      it("leaves the user's client open", async () => {
        expect(await client.ping()).toSatisfy((answer) => answer === "PONG" || answer === null);
      });
    });
  });
}
