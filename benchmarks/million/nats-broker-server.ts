import { readFileSync } from "node:fs";
import { connect } from "@nats-io/transport-node";
import { natsLayer } from "sluice/layers/nats";
import { freePort } from "../../brokers/free-port.ts";
import { NatsServer } from "../../brokers/nats-server.ts";
import {
  type BrokerServer,
  type MeasuredLayer,
  type MeasuredLayerOptions,
  still,
  type Tally,
} from "./broker-server.ts";

/** A nats-server with JetStream, whose streams are files. */
export class NatsBrokerServer implements BrokerServer {
  readonly name = "nats";
  readonly title: string;
  readonly #server: NatsServer;
  readonly #monitor: string;

  static async start(): Promise<NatsBrokerServer> {
    const monitor = await freePort();
    const server = await NatsServer.start(["-m", `${monitor}`]);
    const url = `http://127.0.0.1:${monitor}`;
    const { version } = (await (await fetch(`${url}/varz`)).json()) as { version: string };
    return new NatsBrokerServer(server, url, `NATS ${version}`);
  }

  private constructor(server: NatsServer, monitor: string, title: string) {
    this.#server = server;
    this.#monitor = monitor;
    this.title = title;
  }

  get address(): string {
    return `127.0.0.1:${this.#server.port}`;
  }

  get pid(): number {
    return this.#server.pid;
  }

  async layer(options: MeasuredLayerOptions = {}): Promise<MeasuredLayer> {
    const connection = await connect({ servers: this.address, pingInterval: still.lease });
    const layer = natsLayer({ connection, ...still, ...options });
    return {
      layer,
      async end() {
        await layer.close();
        await connection.close();
      },
    };
  }

  async tally(): Promise<Tally> {
    const answer = await fetch(`${this.#monitor}/varz`);
    const { in_msgs, in_bytes, out_bytes } = (await answer.json()) as Record<string, number>;
    return { commands: in_msgs ?? 0, bytesIn: in_bytes ?? 0, bytesOut: out_bytes ?? 0 };
  }

  memory(): Promise<number> {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Promise.resolve(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024);
  }

  async kept(): Promise<number> {
    const answer = await fetch(`${this.#monitor}/jsz`);
    const { bytes } = (await answer.json()) as { bytes: number };
    return bytes;
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
