import type {
  LinkEvents,
  RedisAddress,
  RedisConnection,
  RedisLink,
} from "../../../src/layers/redis/connection.ts";

/** The connections of one process, all of which can be cut and be refused for a while. */
export class Gate implements RedisConnection {
  readonly #connection: RedisConnection;
  readonly #links = new Map<RedisLink, LinkEvents>();
  #isShut = false;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  get isCluster(): boolean {
    return this.#connection.isCluster;
  }

  addresses(): readonly RedisAddress[] {
    return this.#connection.addresses();
  }

  async open(events: LinkEvents, signal: AbortSignal, address?: RedisAddress): Promise<RedisLink> {
    if (this.#isShut) throw new Error("the gate is shut");
    const link = await this.#connection.open(events, signal, address);
    this.#links.set(link, events);
    if (this.#isShut) this.shut();
    return link;
  }

  shut(): void {
    this.#isShut = true;
    const links = [...this.#links];
    this.#links.clear();
    for (const [link, events] of links) {
      link.close();
      events.lost(new Error("the gate was shut"));
    }
  }

  unlock(): void {
    this.#isShut = false;
  }
}
