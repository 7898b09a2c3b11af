import { UsageError } from "../errors.ts";
import { nearestName } from "../internal/nearest-name.ts";
import { OptionCheck } from "../internal/option-check.ts";
import { type SendOptions, type SlowPolicy, slowPolicies } from "../internal/send-options.ts";
import type { ChannelLayer, Gap, Joined, JoinOptions } from "../layers/channel-layer.ts";
import type { Application } from "./application.ts";
import { ConsumerLayer } from "./consumer-layer.ts";
import { type ApplicationLike, toApplication } from "./consumer.ts";
import { ConsumerHandler, type ConsumerSettings, type Groups } from "./consumer-handler.ts";
import { EventTable } from "./event-table.ts";
import { kindError } from "./fault.ts";
import type { Handler } from "./handler.ts";
import type { Scope } from "./scope.ts";
import type { AcceptOptions, RejectOptions, Socket } from "./socket.ts";
import { Stop } from "./stop.ts";

/**
 * A class that is made once for each connection: override what you want to hear.
 *
 * Its methods are called one at a time and in order; a promise holds the next call back. A method
 * whose name has a dot is called for layer messages of that `type`:
 *
 * ```ts
 * class Chat extends WebSocketConsumer {
 *   override async connect() {
 *     await this.join("lobby");
 *   }
 *   override receive(text: string) {
 *     return this.layer.groupSend("lobby", { type: "chat.message", text });
 *   }
 *   "chat.message"(event: { text: string }) {
 *     this.send(event.text);
 *   }
 * }
 * ```
 */
export abstract class WebSocketConsumer<S extends Scope = Scope> {
  /** What happens when the peer, or this consumer, is too slow. */
  static readonly slow: SlowPolicy = "close";

  /**
   * Groups that every connection is in: joined before `connect`, left after the end. A function makes
   * their names of the scope: ``(scope: RoomScope) => [`room.${scope.params.room}`]``.
   */
  static readonly groups: Groups = [];

  /** Another channel layer than the server's, for `this.layer`, `this.channel` and the groups. */
  static readonly layer: ChannelLayer | undefined = undefined;

  /**
   * How many messages, of the peer and of the layer together, may be handled at a time. Above 1 they
   * are begun in order, and which is done first nobody knows; `connect` is still done before all of
   * them, and `disconnect` begins when all are done.
   */
  static readonly concurrency: number = 1;

  #scope: S | undefined;
  #socket: Socket | undefined;
  #layer: ConsumerLayer | undefined;

  /**
   * Makes an application of a consumer class, with arguments for its constructor. Wherever an
   * application is taken, the class itself is too.
   * @throws UsageError `ERR_INVALID_OPTION` for a static setting that cannot be used.
   */
  static toApplication<A extends unknown[], S extends Scope>(
    this: new (
      ...args: A
    ) => WebSocketConsumer<S>,
    ...args: A
  ): Application<S> {
    const consumerClass = this;
    const table = EventTable.of(consumerClass, WebSocketConsumer.prototype);
    const settings = consumerClass as unknown as ConsumerSettings;
    checkSettings(settings);
    const application = (scope: S, socket: Socket): Handler => {
      const consumer = new consumerClass(...args);
      consumer.#scope = scope;
      consumer.#socket = socket;
      const plain = consumer as unknown as WebSocketConsumer;
      return new ConsumerHandler(plain, socket, settings, table);
    };
    Object.defineProperty(application, "name", { value: consumerClass.name });
    return application;
  }

  /** What is known of the connection. */
  get scope(): S {
    if (this.#scope === undefined) this.#throwUnbound();
    return this.#scope;
  }

  /** The parameters of the route. */
  get params(): S["params"] {
    return this.scope.params;
  }

  /**
   * The server's channel layer, or the one that the class names. Here a call that fails with nobody
   * awaiting it is an error of this consumer and ends its connection; elsewhere it is what every
   * promise is that fails unheard, which ends the process.
   */
  get layer(): ChannelLayer {
    if (this.#layer === undefined) {
      const layer = (this.constructor as typeof WebSocketConsumer).layer ?? this.scope.layer;
      this.#layer = new ConsumerLayer(layer, (error) => this.#fail(error));
    }
    return this.#layer;
  }

  /** This connection's own address on the layer. */
  get channel(): string {
    return this.#bound().channel;
  }

  /** Whether the connection was accepted; `disconnect` may want to know. */
  get accepted(): boolean {
    return this.#bound().accepted;
  }

  /** Aborts when the connection has ended. */
  get signal(): AbortSignal {
    return this.#bound().signal;
  }

  /** Bytes that were sent but not yet taken by the operating system. */
  get bufferedAmount(): number {
    return this.#bound().bufferedAmount;
  }

  /** Runs before the handshake is answered. Returning accepts; {@link reject} refuses. */
  connect(): void | Promise<unknown> {}

  /** A text message came. Not overridden, the connection is closed with 1003. */
  receive(_text: string): void | Promise<unknown> {
    throw kindError("text", lacking(this, "receive", "(text)"));
  }

  /** A binary message came; the bytes are yours. Not overridden, the connection is closed with 1003. */
  receiveBytes(_bytes: Uint8Array): void | Promise<unknown> {
    throw kindError("binary", lacking(this, "receiveBytes", "(bytes)"));
  }

  /** The layer noticed a loss in one of this consumer's groups. */
  gap(_gap: Gap): void | Promise<unknown> {}

  /** Runs exactly once if `connect` was entered. See `Handler.disconnect` for the code. */
  disconnect(_code: number, _reason: string): void | Promise<unknown> {}

  /** Accepts before `connect` returns, or with options. See {@link Socket.accept}. */
  protected accept(options?: AcceptOptions): void {
    this.#bound().accept(options);
  }

  /** Refuses the connection with an HTTP status. Does not throw: return after it. */
  protected reject(status: number, options?: RejectOptions): void {
    this.#bound().reject(status, options);
  }

  /** Sends one message: a string as text, bytes as binary. See {@link Socket.send}. */
  protected send(data: string | Uint8Array, options?: SendOptions): void {
    this.#bound().send(data, options);
  }

  /** Resolves when nothing waits for the peer any more. */
  protected drained(): Promise<void> {
    return this.#bound().drained();
  }

  /** Closes the connection, behind everything that was sent. @defaultValue 1000 */
  protected close(code?: number, reason?: string): void {
    this.#bound().close(code, reason);
  }

  /**
   * Closes the connection and leaves the method that runs, from however deep in it: what `StopConsumer`
   * is in Django Channels. Nothing is reported, nothing that waits is handled any more, and
   * `disconnect` runs. Before the connection is accepted it is refused with 403.
   *
   * The way out is an exception. A `catch` that swallows it changes nothing but that it goes on.
   */
  protected stop(code?: number, reason?: string): never {
    this.close(code, reason);
    throw new Stop();
  }

  /** Joins a group; it is left by itself when the connection ends. See {@link Socket.join}. */
  protected join(group: string, options?: JoinOptions): Promise<Joined> {
    return this.#bound().join(group, options);
  }

  /** Leaves a group. */
  protected leave(group: string): Promise<void> {
    return this.#bound().leave(group);
  }

  /** Stops reading from the peer. */
  protected pause(): void {
    this.#bound().pause();
  }

  /** Starts reading again. */
  protected resume(): void {
    this.#bound().resume();
  }

  /** What nobody awaited failed: as if a method had. */
  #fail(error: unknown): void {
    const socket = this.#bound();
    const { accepted } = socket;
    socket.report(error, accepted ? "receive" : "connect", this.constructor.name);
    if (accepted) socket.close(1011, "internal error");
    else socket.reject(500);
  }

  #bound(): Socket {
    if (this.#socket === undefined) this.#throwUnbound();
    return this.#socket;
  }

  #throwUnbound(): never {
    throw new UsageError(
      "ERR_NOT_ACCEPTED",
      `${this.constructor.name} has no connection yet in its constructor: use connect()`,
    );
  }
}

/**
 * Makes an application of a consumer class, with arguments for its constructor: what `as_asgi` and
 * its keyword arguments are in Django Channels.
 */
export function consumer<A extends unknown[], S extends Scope>(
  consumerClass: (new (
    ...args: A
  ) => WebSocketConsumer<S>) &
    Pick<typeof WebSocketConsumer, "toApplication">,
  ...args: A
): Application<S> {
  // The compiler's `Pick` is not heard by everybody.
  if (typeof consumerClass?.toApplication !== "function") {
    toApplication(consumerClass as unknown as ApplicationLike, "consumer");
  }
  return consumerClass.toApplication(...args);
}

/**
 * Says which method a consumer does not have, and which of its own looks as if it was meant to be it.
 * @internal
 */
export function lacking(consumer: object, name: string, parameters: string): string {
  const own: string[] = [];
  let prototype = Object.getPrototypeOf(consumer) as object;
  while (prototype !== WebSocketConsumer.prototype) {
    own.push(...Object.getOwnPropertyNames(prototype));
    prototype = Object.getPrototypeOf(prototype) as object;
  }
  const nearest = nearestName(
    name,
    own.filter((each) => each !== name && !(each in WebSocketConsumer.prototype)),
  );
  const hint = nearest === undefined ? "" : `; it has "${nearest}"`;
  return `${consumer.constructor.name} does not override ${name}${parameters}${hint}`;
}

function checkSettings({ name, slow, groups, layer, concurrency }: ConsumerSettings): void {
  const check = new OptionCheck(`class ${name}`);
  check.oneOf("slow", slow, slowPolicies);
  if (typeof groups !== "function" && !isListOfNames(groups)) {
    check.wrong("groups", groups, "a list of names, or a function that makes one of the scope");
  }
  if (layer !== undefined) check.layer("layer", layer);
  check.whole("concurrency", concurrency, 1);
}

function isListOfNames(groups: unknown): boolean {
  return Array.isArray(groups) && groups.every((group) => typeof group === "string");
}
