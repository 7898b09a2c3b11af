import { away } from "../away.ts";
import {
  type LinkEvents,
  openLink,
  type RedisAddress,
  type RedisConnection,
  type RedisLink,
  type UnopenedLink,
} from "./connection.ts";

/** What is used of `new Redis(…)`, also with sentinels, of the package `ioredis`. */
export interface IoredisClient {
  readonly options: object;
  duplicate(overrides?: object): IoredisClient;
  connect(): Promise<unknown>;
  disconnect(): void;
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  callBuffer(command: string, ...parameters: (string | Buffer)[]): Promise<unknown>;
  ssubscribe(channel: string): Promise<unknown>;
  sunsubscribe(channel: string): Promise<unknown>;
  readonly stream?: { destroy(): unknown };
}

/** What is used of `new Cluster(…)` of the package `ioredis`. */
export interface IoredisCluster {
  readonly isCluster: boolean;
  readonly options: object;
  nodes(): readonly IoredisClient[];
}

/**
 * A way to Redis by a client of the package `ioredis`: a `Redis`, also one with sentinels, or a
 * `Cluster`, which has to be connected, or to be connecting.
 */
export function fromIoredis(client: IoredisClient | IoredisCluster): RedisConnection {
  if ("nodes" in client) return new IoredisClusterConnection(client);
  return {
    isCluster: false,
    addresses: () => [],
    open: (events, signal) => openLink(() => new IoredisLink(client, events), signal),
  };
}

class IoredisClusterConnection implements RedisConnection {
  readonly isCluster = true;
  readonly #cluster: IoredisCluster;
  #pattern: IoredisClient | undefined;

  constructor(cluster: IoredisCluster) {
    this.#cluster = cluster;
  }

  addresses(): readonly RedisAddress[] {
    return this.#cluster.nodes().map(({ options }) => {
      const { host, port } = options as RedisAddress;
      return { host, port };
    });
  }

  async open(events: LinkEvents, signal: AbortSignal, address: RedisAddress): Promise<RedisLink> {
    const pattern = (this.#pattern ??= this.#cluster.nodes()[0]);
    if (pattern === undefined)
      throw away("the Cluster of ioredis knows no server yet; is it connected?");
    return openLink(() => new IoredisLink(pattern, events, this.#reach(address)), signal);
  }

  /** The address by which a server is reached from here, if there is NAT between. */
  #reach({ host, port }: RedisAddress): RedisAddress {
    const { natMap } = this.#cluster.options as { natMap?: unknown };
    const key = `${host}:${port}`;
    const mapped: unknown =
      typeof natMap === "function"
        ? natMap(key)
        : (natMap as Record<string, unknown> | undefined)?.[key];
    return { host, port, ...(mapped as Partial<RedisAddress> | null | undefined) };
  }
}

class IoredisLink implements UnopenedLink {
  readonly #client: IoredisClient;
  #isOver = false;
  #lastError: Error | undefined;

  constructor(pattern: IoredisClient, events: LinkEvents, address?: object) {
    const client = pattern.duplicate({
      ...address,
      lazyConnect: true,
      retryStrategy: null,
      sentinelRetryStrategy: null,
      reconnectOnError: null,
      enableOfflineQueue: false,
      enableAutoPipelining: false,
      enableReadyCheck: false,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: null,
      commandTimeout: undefined,
      socketTimeout: undefined,
      stringNumbers: false,
      keyPrefix: "",
      monitor: false,
      readOnly: false,
      scripts: undefined,
    });
    const lose = (): void => {
      if (this.#isOver) return;
      this.close();
      events.lost(this.#lastError ?? new Error("the connection was closed"));
    };
    client.on("error", (error) => {
      if (!(error instanceof Error)) return;
      this.#lastError = error;
      // The client says so when answers do not fit its questions; nothing can be trusted after it.
      if (error.message.startsWith("Command queue state error")) lose();
    });
    client.on("close", lose);
    client.on("end", lose);
    client.on("moved", () => {
      if (!this.#isOver) events.moved();
    });
    client.on("smessageBuffer", (channel, message) => {
      if (!this.#isOver) events.message(String(channel), message as Buffer);
    });
    this.#client = client;
  }

  async connect(): Promise<void> {
    try {
      await this.#client.connect();
    } catch (error) {
      this.close();
      throw this.#lastError ?? error;
    }
  }

  call(command: readonly (string | Buffer)[]): Promise<unknown> {
    const [name, ...parameters] = command;
    return this.#client.callBuffer(name as string, ...parameters);
  }

  async subscribe(channel: string): Promise<void> {
    await this.#client.ssubscribe(channel);
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#client.sunsubscribe(channel);
  }

  close(): void {
    this.#isOver = true;
    this.#client.disconnect();
    // It would wait for the other side, which may be gone without having said so.
    this.#client.stream?.destroy();
  }
}
