import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { natsLayer } from "sluice/layers/nats";
import { freePort } from "../../brokers/free-port.ts";
import { startProgram, stopProgram } from "../delivery/processes.ts";
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
  readonly address: string;
  readonly #process: ChildProcess;
  readonly #store: string;
  readonly #monitor: string;

  static async start(program: string): Promise<NatsBrokerServer> {
    const [port, monitor] = [await freePort(), await freePort()];
    const store = mkdtempSync(join(tmpdir(), "sluice-million-"));
    const parameters = [
      "-a",
      "127.0.0.1",
      "-p",
      `${port}`,
      "-m",
      `${monitor}`,
      "-js",
      "-sd",
      store,
    ];
    const process = await startProgram(program, [...parameters, "-l", join(store, "log")], port);
    const url = `http://127.0.0.1:${monitor}`;
    const { version } = (await (await fetch(`${url}/varz`)).json()) as { version: string };
    return new NatsBrokerServer(process, `127.0.0.1:${port}`, url, store, `NATS ${version}`);
  }

  private constructor(
    process: ChildProcess,
    address: string,
    monitor: string,
    store: string,
    title: string,
  ) {
    this.#process = process;
    this.address = address;
    this.#monitor = monitor;
    this.#store = store;
    this.title = title;
  }

  get pid(): number {
    return this.#process.pid as number;
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

  async stop(): Promise<void> {
    await stopProgram(this.#process);
    rmSync(this.#store, { recursive: true, force: true });
  }
}
