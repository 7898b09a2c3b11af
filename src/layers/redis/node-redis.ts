import type { ChannelLayerError } from "../../errors.ts";
import { away } from "../away.ts";
import {
  type LinkEvents,
  openLink,
  type RedisAddress,
  type RedisConnection,
  type RedisLink,
  type UnopenedLink,
} from "./connection.ts";

/** What is used of `createClient(…)` of the package `redis`. */
export interface NodeRedisClient {
  readonly options?: { readonly socket?: object | undefined } | undefined;
  duplicate(overrides?: object): NodeRedisClient;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  sendCommand(command: (string | Buffer)[], options?: object): Promise<unknown>;
  sSubscribe(
    channel: string,
    listener: (message: Buffer, channel: Buffer) => unknown,
    bufferMode: true,
  ): Promise<unknown>;
  sUnsubscribe(channel: string): Promise<unknown>;
}

/** What is used of `createCluster(…)` of the package `redis`. */
export interface NodeRedisCluster {
  readonly masters: readonly NodeRedisClusterNode[];
  readonly nodeByAddress: ReadonlyMap<string, NodeRedisClusterNode>;
}

/** A server that a cluster client knows. */
export interface NodeRedisClusterNode {
  readonly host: string;
  readonly port: number;
  readonly client?: unknown;
}

/** What is used of `createSentinel(…)` of the package `redis`. */
export interface NodeRedisSentinel {
  getMasterNode(): RedisAddress | undefined;
  /** Hands out the client of the primary: the only way to the settings that it was made with. */
  _execute<T>(isReadonly: boolean, use: (client: NodeRedisClient) => Promise<T>): Promise<T>;
}

/**
 * A way to Redis by a client of the package `redis`: of `createClient`, `createCluster` or
 * `createSentinel`. Those of clusters and sentinels have to be connected, or to be connecting.
 */
export function fromNodeRedis(
  client: NodeRedisClient | NodeRedisCluster | NodeRedisSentinel,
): RedisConnection {
  if ("nodeByAddress" in client) return new NodeRedisClusterConnection(client);
  if ("getMasterNode" in client) return new NodeRedisSentinelConnection(client);
  return {
    isCluster: false,
    addresses: () => [],
    open: (events, signal) => openLink(() => new NodeRedisLink(client, events), signal),
  };
}

class NodeRedisClusterConnection implements RedisConnection {
  readonly isCluster = true;
  readonly #cluster: NodeRedisCluster;
  #pattern: NodeRedisClient | undefined;

  constructor(cluster: NodeRedisCluster) {
    this.#cluster = cluster;
  }

  addresses(): readonly RedisAddress[] {
    return [...this.#cluster.nodeByAddress.values()].map(({ host, port }) => ({ host, port }));
  }

  async open(events: LinkEvents, signal: AbortSignal, address: RedisAddress): Promise<RedisLink> {
    const { nodeByAddress } = this.#cluster;
    for (const { client } of nodeByAddress.values()) this.#pattern ??= client as NodeRedisClient;
    const pattern = this.#pattern;
    if (pattern === undefined) throw notYet("createCluster");
    // A server that the cluster client knows by another address, behind NAT, is reached as it does.
    const node = nodeByAddress.get(`${address.host}:${address.port}`);
    const known = (node?.client as NodeRedisClient | undefined)?.options?.socket;
    return openLink(() => new NodeRedisLink(pattern, events, known ?? address), signal);
  }
}

class NodeRedisSentinelConnection implements RedisConnection {
  readonly isCluster = false;
  readonly #sentinel: NodeRedisSentinel;
  #pattern: NodeRedisClient | undefined;

  constructor(sentinel: NodeRedisSentinel) {
    this.#sentinel = sentinel;
  }

  addresses(): readonly RedisAddress[] {
    return [];
  }

  async open(events: LinkEvents, signal: AbortSignal): Promise<RedisLink> {
    const pattern = (this.#pattern ??= await this.#sentinel._execute(false, async (one) => one));
    const primary = this.#sentinel.getMasterNode();
    if (primary === undefined) throw notYet("createSentinel");
    return openLink(() => new NodeRedisLink(pattern, events, primary), signal);
  }
}

/** Strings come as the bytes that they are: the codes of RESP types `$` and `+`. */
const asBuffers = { typeMapping: { 36: Buffer, 43: Buffer }, timeout: 0 };

class NodeRedisLink implements UnopenedLink {
  readonly #client: NodeRedisClient;
  readonly #hear: (message: Buffer, channel: Buffer) => void;
  #isOver = false;

  constructor(pattern: NodeRedisClient, events: LinkEvents, address?: object) {
    const client = pattern.duplicate({
      // A URL would overrule the address; what else it said is in the other options.
      url: undefined,
      socket: { ...pattern.options?.socket, ...address, reconnectStrategy: false },
      disableOfflineQueue: true,
      commandsQueueMaxLength: undefined,
      commandOptions: undefined,
      clientSideCache: undefined,
      emitInvalidate: undefined,
      maintNotifications: "disabled",
      keyPrefix: undefined,
      pingInterval: undefined,
      readonly: false,
    });
    const lose = (error: unknown): void => {
      if (this.#isOver) return;
      this.close();
      events.lost(error instanceof Error ? error : new Error("the connection was closed"));
    };
    // Whatever goes wrong in the client, its answers may have lost their order.
    client.on("error", lose);
    client.on("end", lose);
    client.on("sharded-channel-moved", () => {
      if (!this.#isOver) events.moved();
    });
    this.#client = client;
    this.#hear = (message, channel) => {
      if (!this.#isOver) events.message(channel.toString(), message);
    };
  }

  async connect(): Promise<void> {
    try {
      await this.#client.connect();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  call(command: readonly (string | Buffer)[]): Promise<unknown> {
    return this.#client.sendCommand(command as (string | Buffer)[], asBuffers);
  }

  async subscribe(channel: string): Promise<void> {
    await this.#client.sSubscribe(channel, this.#hear, true);
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#client.sUnsubscribe(channel);
  }

  close(): void {
    this.#isOver = true;
    this.#client.destroy();
  }
}

function notYet(made: string): ChannelLayerError {
  return away(`the client of ${made} is not connected; call its connect()`);
}
