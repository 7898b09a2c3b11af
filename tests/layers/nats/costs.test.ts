import { afterAll, beforeAll, expect, it } from "vitest";
import { growth } from "../../../benchmarks/million/growth.ts";
import { NatsBrokerServer } from "../../../benchmarks/million/nats-broker-server.ts";
import { describeWithNats } from "./describe-with-nats.ts";

describeWithNats("a message to a group, as NATS counts", () => {
  let server: NatsBrokerServer;
  beforeAll(async () => {
    server = await NatsBrokerServer.start();
  });
  afterAll(() => server?.stop());

  for (const hasHistory of [false, true]) {
    const kind = hasHistory ? "with a history" : "without a history";
    it(`is one message in, and as many bytes with 1, 10 and 100 members in each of 3 processes, ${kind}`, async () => {
      const asked = { holders: [3], members: [1, 10, 100], sends: 20, hasHistory };
      const [one, ten, hundred] = await growth(server, asked);
      expect(one).toMatchObject({ commands: 1, encoded: 1, decoded: 3 });
      // A history numbers the messages of all groups together, and its numbers get longer.
      const digits = hasHistory ? 15 : 0;
      for (const other of [ten!, hundred!]) {
        expect(other).toMatchObject({ commands: 1, encoded: 1, decoded: 3 });
        expect(Math.abs(other.bytesIn - one!.bytesIn)).toBeLessThanOrEqual(digits);
        expect(Math.abs(other.bytesOut - one!.bytesOut)).toBeLessThanOrEqual(digits);
      }
    });
  }

  it("costs as many bytes more as one delivery has with each process that has members", async () => {
    const asked = { holders: [1, 2, 3, 6], members: [5], sends: 20 };
    const points = await growth(server, asked);
    const [first, second] = points.map(({ bytesOut }) => bytesOut);
    const each = second! - first!;
    expect(each).toBeGreaterThan(100);
    expect(points.map(({ bytesOut }) => Math.round(bytesOut - first!))).toEqual(
      [0, 1, 2, 5].map((more) => Math.round(more * each)),
    );
    expect(points.map(({ commands }) => commands)).toEqual([1, 1, 1, 1]);
  });
});
