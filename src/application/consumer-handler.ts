import type { SlowPolicy } from "../internal/send-options.ts";
import type { ChannelLayer, Delivery, Gap, LayerMessage } from "../layers/channel-layer.ts";
import type { EventTable } from "./event-table.ts";
import { eventError } from "./fault.ts";
import type { Handler } from "./handler.ts";
import type { Scope } from "./scope.ts";
import type { Socket } from "./socket.ts";
import type { WebSocketConsumer } from "./websocket-consumer.ts";

/** Names of groups, or what makes them of a connection's scope. */
export type Groups<S extends Scope = Scope> = readonly string[] | GroupNames<S>["of"];

/** A method, which the compiler lets a class write for its own kind of scope. */
interface GroupNames<S extends Scope> {
  of(scope: S): readonly string[];
}

/** What a consumer's class says of all its instances. */
export interface ConsumerSettings {
  readonly name: string;
  readonly slow: SlowPolicy;
  readonly concurrency: number;
  readonly layer: ChannelLayer | undefined;
  readonly groups: Groups;
}

/** A consumer as the handler that its connection calls. */
export class ConsumerHandler implements Handler {
  readonly #consumer: WebSocketConsumer;
  readonly #socket: Socket;
  readonly #settings: ConsumerSettings;
  readonly #table: EventTable;
  #state: "joining" | "connected" | "left" = "joining";

  constructor(
    consumer: WebSocketConsumer,
    socket: Socket,
    settings: ConsumerSettings,
    table: EventTable,
  ) {
    this.#consumer = consumer;
    this.#socket = socket;
    this.#settings = settings;
    this.#table = table;
  }

  get name(): string {
    return this.#settings.name;
  }

  get slow(): SlowPolicy {
    return this.#settings.slow;
  }

  get concurrency(): number {
    return this.#settings.concurrency;
  }

  get layer(): ChannelLayer | undefined {
    return this.#settings.layer;
  }

  open(): void | Promise<unknown> {
    const { groups } = this.#settings;
    const names = typeof groups === "function" ? groups(this.#consumer.scope) : groups;
    if (names.length === 0) return this.#connect();
    const joining = names.map((name) => this.#socket.join(name));
    return Promise.all(joining).then(() => this.#connect());
  }

  text(message: string): void | Promise<unknown> {
    return this.#consumer.receive(message);
  }

  bytes(message: Uint8Array): void | Promise<unknown> {
    return this.#consumer.receiveBytes(message);
  }

  event(message: LayerMessage, delivery: Delivery): void | Promise<unknown> {
    const method = this.#table.find(message.type);
    if (method === undefined) throw eventError(message, this.name, this.#table.types);
    return method.call(this.#consumer, message, delivery);
  }

  gap(gap: Gap): void | Promise<unknown> {
    return this.#consumer.gap(gap);
  }

  disconnect(code: number, reason: string): void | Promise<unknown> {
    // A group that could not be joined, or a peer that left meanwhile: there was no `connect`.
    const connected = this.#state === "connected";
    this.#state = "left";
    if (connected) return this.#consumer.disconnect(code, reason);
  }

  #connect(): void | Promise<unknown> {
    // The groups took so long to join that the connection was let go meanwhile.
    if (this.#state === "left") return;
    this.#state = "connected";
    return this.#consumer.connect();
  }
}
