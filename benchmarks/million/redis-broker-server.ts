import type { ChildProcess } from "node:child_process";
import { createClient } from "redis";
import { fromNodeRedis, redisLayer } from "sluice/layers/redis";
import { freePort } from "../../brokers/free-port.ts";
import { startProgram, stopProgram } from "../delivery/processes.ts";
import {
  type BrokerServer,
  type MeasuredLayer,
  type MeasuredLayerOptions,
  still,
  type Tally,
} from "./broker-server.ts";

/** A redis-server that keeps nothing on disk. */
export class RedisBrokerServer implements BrokerServer {
  readonly name = "redis";
  readonly title: string;
  readonly address: string;
  readonly #process: ChildProcess;
  readonly #control: Control;
  /** What our own questions have cost so far. */
  #own = { bytesIn: 0, bytesOut: 0 };

  static async start(program: string): Promise<RedisBrokerServer> {
    const port = await freePort();
    const parameters = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", ""];
    const process = await startProgram(program, parameters, port);
    const address = `redis://127.0.0.1:${port}`;
    const control = createClient({ url: address, RESP: 2 });
    await control.connect();
    const info = String(await control.sendCommand(["INFO", "server"]));
    return new RedisBrokerServer(
      process,
      control,
      address,
      `Redis ${field(info, "redis_version")}`,
    );
  }

  private constructor(process: ChildProcess, control: Control, address: string, title: string) {
    this.#process = process;
    this.#control = control;
    this.address = address;
    this.title = title;
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  async layer(options: MeasuredLayerOptions = {}): Promise<MeasuredLayer> {
    const client = createClient({ url: this.address });
    await client.connect();
    const connection = fromNodeRedis(client);
    const layer = redisLayer({ connection, probeInterval: still.lease, ...still, ...options });
    return {
      layer,
      async end() {
        await layer.close();
        client.destroy();
      },
    };
  }

  async tally(): Promise<Tally> {
    const info = String(await this.#control.sendCommand(question));
    this.#own.bytesIn += questionSize;
    const commands = ["evalsha", "ssubscribe", "sunsubscribe"].map((command) =>
      Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, "m").exec(info)?.[1] ?? 0),
    );
    const tally = {
      commands: commands.reduce((sum, calls) => sum + calls, 0),
      bytesIn: Number(field(info, "total_net_input_bytes")) - this.#own.bytesIn,
      bytesOut: Number(field(info, "total_net_output_bytes")) - this.#own.bytesOut,
    };
    // It counts an answer once it has written it.
    const size = Buffer.byteLength(info);
    this.#own.bytesOut += `$${size}\r\n`.length + size + 2;
    return tally;
  }

  async memory(): Promise<number> {
    const info = String(await this.#control.sendCommand(["INFO", "memory"]));
    return Number(field(info, "used_memory"));
  }

  kept(): Promise<number> {
    return this.memory();
  }

  async stop(): Promise<void> {
    this.#control.destroy();
    await stopProgram(this.#process);
  }
}

/** The client that asks it. */
interface Control {
  sendCommand(words: string[]): Promise<unknown>;
  destroy(): void;
}

const question = ["INFO", "stats", "commandstats"];
/** As RESP writes it: a line for the number of words, and two for each. */
const questionSize =
  "*3\r\n".length +
  question.reduce((sum, word) => sum + `$${word.length}\r\n${word}\r\n`.length, 0);

function field(info: string, name: string): string {
  const value = new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
  if (value === undefined) throw new Error(`INFO says nothing of ${name}`);
  return value;
}
