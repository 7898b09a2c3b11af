import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "redis";
import { endWithUs } from "./end-with-us.ts";
import { freePort } from "./free-port.ts";

/** Where the program is; empty where it is not installed. */
export const redisProgram: string = process.env.REDIS_SERVER ?? "";

/** One Redis of our own, on a port that is kept free for it; it may be ended and started again where it was. */
export class RedisProgram {
  readonly port: number;
  readonly directory: string;
  /** Where the other servers of a cluster talk to it. */
  busPort = 0;
  readonly #parameters: readonly string[];
  #process: ChildProcess | undefined;
  #control: ReturnType<typeof createClient> | undefined;

  /** Resolves when it takes connections. */
  static async start(parameters: readonly string[] = []): Promise<RedisProgram> {
    const server = new RedisProgram(await freePort(), parameters);
    await server.run();
    return server;
  }

  constructor(port: number, parameters: readonly string[]) {
    this.port = port;
    this.directory = mkdtempSync(join(tmpdir(), "sluice-redis-"));
    this.#parameters = parameters;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: this.port };
  }

  /** Starts it, on the same port and with the data that is there. */
  async run(): Promise<void> {
    const common = ["--port", `${this.port}`, "--bind", "127.0.0.1", "--dir", this.directory];
    const options = [...this.#parameters, ...common];
    const isSentinel = this.#parameters.includes("--sentinel");
    if (!isSentinel) options.push("--save", "");
    const child = spawn(redisProgram, options, { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    endWithUs(child);
    for await (const line of createInterface(child.stdout)) {
      if (/Ready to accept connections|Sentinel ID is/.test(line)) {
        child.stdout.resume();
        return;
      }
    }
    throw new Error(`${redisProgram} ended with ${child.exitCode} before it was ready`);
  }

  /** Says something to it, and resolves with its answer. */
  async command(...words: string[]): Promise<unknown> {
    if (this.#control === undefined) {
      const socket = { ...this.address, reconnectStrategy: false as const };
      this.#control = createClient({ socket, RESP: 2, commandOptions: { timeout: 60_000 } });
      this.#control.on("error", () => (this.#control = undefined));
      await this.#control.connect();
    }
    return this.#control.sendCommand(words);
  }

  /** What INFO says under a name. */
  async info(section: string, name: string): Promise<string | undefined> {
    const text = String(await this.command("INFO", section));
    return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(text)?.[1];
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.kill(name);
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    this.#control?.destroy();
    this.#control = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Ends it and takes its data away. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Calls something again and again, until what it resolves with is truthy. */
export async function until<T>(look: () => Promise<T> | T): Promise<NonNullable<T>> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const found = await Promise.resolve()
      .then(look)
      .catch(() => undefined);
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`nothing came of ${look}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A primary with a replica that is in step with it. */
export async function startReplicated(): Promise<{ primary: RedisProgram; replica: RedisProgram }> {
  // A replica that comes later would have to wait for others, for five seconds.
  const quick = ["--repl-diskless-sync-delay", "0"];
  const primary = await RedisProgram.start(quick);
  const of = ["--replicaof", `127.0.0.1 ${primary.port}`];
  const replica = await RedisProgram.start([...quick, ...of]);
  await until(async () => (await replica.info("replication", "master_link_status")) === "up");
  return { primary, replica };
}

/** Sentinels that watch over a primary called `main`; they do not take long to give it up. */
export async function startSentinels(primary: RedisProgram, count = 3): Promise<RedisProgram[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const directory = mkdtempSync(join(tmpdir(), "sluice-sentinel-"));
      const file = join(directory, "sentinel.conf");
      writeFileSync(
        file,
        `sentinel monitor main 127.0.0.1 ${primary.port} 2
sentinel down-after-milliseconds main 300
sentinel failover-timeout main 3000
`,
      );
      return RedisProgram.start([file, "--sentinel"]);
    }),
  );
}

/** A cluster of primaries without replicas, which knows itself. */
export async function startCluster(count = 3, replicas = 0): Promise<RedisProgram[]> {
  const parameters = ["--cluster-enabled", "yes", "--cluster-node-timeout", "500"];
  parameters.push("--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0");
  const nodes: RedisProgram[] = [];
  for (let index = 0; index < count + replicas; index += 1) {
    const port = await freePort();
    const bus = ["--cluster-port", `${await freePort()}`];
    const node = new RedisProgram(port, [...parameters, ...bus]);
    await node.run();
    await node.command("CLUSTER", "SET-CONFIG-EPOCH", `${index + 1}`);
    nodes.push(node);
    node.busPort = Number(bus[1]);
  }
  const [first, ...others] = nodes as [RedisProgram, ...RedisProgram[]];
  for (const { port, busPort } of others) {
    await first.command("CLUSTER", "MEET", "127.0.0.1", `${port}`, `${busPort}`);
  }
  const share = Math.ceil(16_384 / count);
  for (let index = 0; index < count; index += 1) {
    const last = Math.min(16_383, (index + 1) * share - 1);
    await nodes[index]!.command("CLUSTER", "ADDSLOTSRANGE", `${index * share}`, `${last}`);
  }
  const isWhole = async (node: RedisProgram): Promise<boolean> => {
    const known = String(await node.command("CLUSTER", "NODES"))
      .trim()
      .split("\n");
    const state = String(await node.command("CLUSTER", "INFO"));
    return (
      known.length === nodes.length &&
      /cluster_state:ok/.test(state) &&
      /cluster_slots_assigned:16384/.test(state)
    );
  };
  for (const node of nodes) await until(() => isWhole(node));
  for (let index = 0; index < replicas; index += 1) {
    const id = String(await nodes[index]!.command("CLUSTER", "MYID"));
    const replica = nodes[count + index]!;
    await until(() => replica.command("CLUSTER", "REPLICATE", id));
    await until(async () => (await replica.info("replication", "master_link_status")) === "up");
  }
  return nodes;
}
