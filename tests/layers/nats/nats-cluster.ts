import { freePort } from "../../../brokers/free-port.ts";
import { NatsServer } from "../../../brokers/nats-server.ts";

/** Three servers that are one to their users. */
export class NatsCluster {
  readonly servers: readonly NatsServer[];

  private constructor(servers: readonly NatsServer[]) {
    this.servers = servers;
  }

  static async start(): Promise<NatsCluster> {
    // They have to know each other's before they begin.
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
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
