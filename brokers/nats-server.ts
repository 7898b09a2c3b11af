import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connect, type ConnectionOptions, type NatsConnection } from "@nats-io/transport-node";
import { endWithUs } from "./end-with-us.ts";
import { freePort } from "./free-port.ts";

/** Where the program is; empty where it is not installed. */
export const natsProgram: string = process.env.NATS_SERVER ?? "";

/** A real NATS server with JetStream, which keeps its port and its store when it is started again. */
export class NatsServer {
  readonly directory: string = mkdtempSync(join(tmpdir(), "sluice-nats-"));
  /** More of the command line. */
  parameters: string[];
  #port = 0;
  #process: ChildProcess | undefined;
  readonly #connections: NatsConnection[] = [];

  constructor(parameters: readonly string[] = []) {
    this.parameters = ["-js", "-sd", this.store, ...parameters];
  }

  static async start(parameters?: readonly string[]): Promise<NatsServer> {
    const server = new NatsServer(parameters);
    await server.start();
    return server;
  }

  /** Kept free for it, from its first start on. */
  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Where it keeps streams. */
  get store(): string {
    return join(this.directory, "store");
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    if (this.#port === 0) this.#port = await freePort();
    const place = ["-a", "127.0.0.1", "-p", `${this.#port}`];
    const child = spawn(natsProgram, [...place, ...this.parameters], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = child;
    endWithUs(child);
    const said: string[] = [];
    for await (const line of createInterface({ input: child.stderr! })) {
      said.push(line);
      if (line.includes("Server is ready")) {
        child.stderr!.resume();
        return;
      }
    }
    throw new Error(`nats-server ended:\n${said.join("\n")}`);
  }

  /** Ends it, or tells it something; resolves when it has ended. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  /** Connects as a user does. */
  async connect(options: ConnectionOptions = {}): Promise<NatsConnection> {
    const connection = await connect({
      servers: `127.0.0.1:${this.#port}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 20,
      reconnectJitter: 0,
      ...options,
    });
    this.#connections.push(connection);
    return connection;
  }

  /** Ends the connections that were made. */
  async disconnect(): Promise<void> {
    await Promise.all(this.#connections.splice(0).map((connection) => connection.close()));
  }

  /** Ends all of it, and forgets what it kept. */
  async stop(): Promise<void> {
    await this.disconnect();
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
