import { createClient } from "redis";
import { fromNodeRedis, redisLayer } from "sluice/layers/redis";
import { RedisProgram } from "../../brokers/redis-servers.ts";
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
  readonly #program: RedisProgram;
  /** What our own questions have cost so far. */
  #own = { bytesIn: 0, bytesOut: 0 };

  static async start(): Promise<RedisBrokerServer> {
    const program = await RedisProgram.start();
    const version = await program.info("server", "redis_version");
    return new RedisBrokerServer(program, `Redis ${version}`);
  }

  private constructor(program: RedisProgram, title: string) {
    this.#program = program;
    this.title = title;
  }

  get address(): string {
    return this.#program.url;
  }

  get pid(): number {
    return this.#program.pid;
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
    const info = String(await this.#program.command(...question));
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
    return Number(await this.#program.info("memory", "used_memory"));
  }

  kept(): Promise<number> {
    return this.memory();
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
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
