import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { NatsServer } from "../../../brokers/nats-server.ts";

/** Three servers that are one to their users. */
export class NatsCluster {
  readonly servers: readonly NatsServer[];

  private constructor(servers: readonly NatsServer[]) {
    this.servers = servers;
  }

  static async start(): Promise<NatsCluster> {
    const ports = await freePorts(3);
    const routes = ports.map((port) => `nats://127.0.0.1:${port}`);
    const servers = routes.map(
      (route, index) =>
        new NatsServer([
          ...["-n", `n${index}`, "--cluster_name", "sluice"],
          ...["--cluster", route, "--routes", routes.join(",")],
        ]),
    );
    await Promise.all(servers.map((server) => server.start()));
    return new NatsCluster(servers);
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

/** Ports that nobody uses: servers of a cluster have to know each other's before they begin. */
async function freePorts(count: number): Promise<number[]> {
  const holders = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(holders.map((holder) => once(holder, "listening")));
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port);
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}
