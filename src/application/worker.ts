import { UsageError } from "../errors.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { nameOfKind } from "../internal/name-of-kind.ts";
import { OptionCheck } from "../internal/option-check.ts";
import { checkOptionNames } from "../internal/option-names.ts";
import type { Channel, ChannelLayer, LayerMessage } from "../layers/channel-layer.ts";
import { eventError, timeoutError } from "./fault.ts";
import { isPromise } from "./mailbox.ts";

/** What a worker's handler knows besides its message. */
export interface Job {
  /** The channel that the message was sent to. */
  readonly channel: string;
  /** Aborts when the worker is stopped and waits no longer. */
  readonly signal: AbortSignal;
}

/** A worker's handlers: one for each type of message that it takes. */
export type WorkerHandlers<M extends LayerMessage = LayerMessage> = {
  readonly [T in M["type"]]?: (message: Typed<M, T>, job: Job) => void | Promise<unknown>;
};

/** The messages of one type; all of them where the layer does not say which types there are. */
type Typed<M extends LayerMessage, T> = [Extract<M, { readonly type: T }>] extends [never]
  ? M
  : Extract<M, { readonly type: T }>;

/** Options of {@link worker}. */
export interface WorkerOptions {
  /** How many messages are handled at a time. @defaultValue 1: they are handled in order */
  readonly concurrency?: number;
  /** The channel to read. @defaultValue of each type the part before its first dot */
  readonly channel?: string;
  /**
   * Gets what a handler throws, and messages of a type that has no handler.
   * @defaultValue an uncaught exception: silence would hide a bug
   */
  readonly onError?: (error: unknown, message: LayerMessage) => void;
  /** For the deadline of `stop`. @defaultValue the system's */
  readonly clock?: Pick<Clock, "after">;
}

const optionNames: readonly string[] = ["concurrency", "channel", "onError", "clock"];

/** Options of {@link Worker.stop}. */
export interface StopOptions {
  /** How long handlers that are at work may go on, in milliseconds. @defaultValue 30 s */
  readonly timeout?: number;
}

/**
 * Reads named channels and handles what is sent to them, in this process or in any other one that has
 * the same layer:
 *
 * ```ts
 * const thumbnails = worker(
 *   { "thumbnails.make": ({ id }, { signal }) => makeThumbnail(id, signal) },
 *   layer,
 *   { concurrency: 4 },
 * );
 * await layer.send("thumbnails", { type: "thumbnails.make", id: 7 });
 * ```
 *
 * Workers that read the same channel compete: each message goes to one of them. A worker that has its
 * hands full does not read, so a message waits in the layer for whoever is free first, and whoever
 * sends too much is told `ERR_CHANNEL_FULL`.
 *
 * A message is handled at most once: one whose handler fails, or whose process ends, is gone.
 *
 * @throws UsageError `ERR_INVALID_OPTION` without handlers or for a concurrency that is not a whole
 * number from 1, `ERR_EVENT_TYPE` for a type without a dot.
 * @throws ChannelLayerError for a channel that cannot be read.
 */
export function worker<M extends LayerMessage>(
  handlers: WorkerHandlers<M>,
  layer: ChannelLayer<M>,
  options: WorkerOptions = {},
): Worker {
  // `never`: which handler takes which message is settled by `WorkerHandlers`.
  return new Worker(handlers as never, layer as unknown as ChannelLayer, options);
}

type AnyHandler = (message: LayerMessage, job: Job) => void | Promise<unknown>;

/** A worker at work. It is made by {@link worker}. */
export class Worker implements AsyncDisposable {
  /** The channels that it reads. */
  readonly channels: readonly string[];
  readonly #handlers: ReadonlyMap<string, AnyHandler>;
  readonly #layer: ChannelLayer;
  readonly #concurrency: number;
  readonly #onError: (error: unknown, message: LayerMessage) => void;
  readonly #clock: Pick<Clock, "after">;
  readonly #abort = new AbortController();
  #readers: Channel[] = [];
  /** The messages whose handlers are at work. */
  readonly #atWork = new Set<LayerMessage>();
  /** Whoever waits for them to be done. */
  readonly #waiting: (() => void)[] = [];
  #stopped = false;

  /** @internal Use {@link worker}. */
  constructor(
    handlers: Readonly<Record<string, AnyHandler>>,
    layer: ChannelLayer,
    options: WorkerOptions,
  ) {
    const check = new OptionCheck("worker");
    if (typeof handlers !== "object" || handlers === null) {
      throw new UsageError(
        "ERR_INVALID_OPTION",
        `worker takes handlers by the types of their messages, not ${nameOfKind(handlers)}`,
      );
    }
    check.layer("layer", layer);
    check.names(options, optionNames, "worker(handlers, layer, { … })");
    const { concurrency = 1, channel, onError = rethrow, clock = systemClock } = options;
    check.whole("concurrency", concurrency, 1);
    check.callable("onError", options.onError);
    this.#handlers = new Map(Object.entries(handlers));
    if (this.#handlers.size === 0) {
      throw new UsageError(
        "ERR_INVALID_OPTION",
        'worker was given no handler: give one at least, as { "jobs.run": (job) => … }',
      );
    }
    const channels = [...this.#handlers.keys()].map((type) => channelOf(type));
    this.channels = channel === undefined ? [...new Set(channels)] : [channel];
    this.#layer = layer;
    this.#concurrency = concurrency;
    this.#onError = onError;
    this.#clock = clock;
    this.#read();
  }

  /** How many messages are being handled. */
  get running(): number {
    return this.#atWork.size;
  }

  /**
   * Reads no more, at once, and resolves when every handler is done or `timeout` has passed. Then the
   * signals of those that are left abort, and each is reported as `ERR_HANDLER_TIMEOUT`. A second
   * call may only shorten the time.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    checkOptionNames("stop", options, ["timeout"]);
    const { timeout = 30_000 } = options;
    this.#stopped = true;
    this.#pause();
    if (this.#atWork.size === 0) return;
    const done = new Promise<void>((resolve) => this.#waiting.push(resolve));
    const lift = this.#clock.after(timeout, () => this.#giveUp(timeout));
    await done;
    lift();
  }

  /** Stops it, as {@link stop} does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #read(): void {
    try {
      for (const name of this.channels) {
        const deliver = (message: LayerMessage) => this.#handle(message, name);
        this.#readers.push(this.#layer.channel({ deliver }, { name }));
      }
    } catch (error) {
      // None rather than some of them: whoever is told so can try again.
      this.#pause();
      throw error;
    }
  }

  #pause(): void {
    for (const reader of this.#readers.splice(0)) {
      // A layer that cannot take its reader off has lost it already.
      reader.close().catch(() => {});
    }
  }

  #handle(message: LayerMessage, channel: string): void {
    try {
      const handler = this.#handlers.get(message.type);
      if (handler === undefined) throw eventError(message, "worker", this.#handlers.keys());
      const work = handler(message, { channel, signal: this.#abort.signal });
      if (isPromise(work)) void this.#finish(work, message);
    } catch (error) {
      this.#onError(error, message);
    }
  }

  async #finish(work: Promise<unknown>, message: LayerMessage): Promise<void> {
    this.#atWork.add(message);
    if (this.#atWork.size === this.#concurrency) this.#pause();
    try {
      await work;
    } catch (error) {
      this.#onError(error, message);
    } finally {
      this.#atWork.delete(message);
      if (this.#atWork.size === 0) this.#settle();
      if (!this.#stopped && this.#readers.length === 0) this.#readAgain(message);
    }
  }

  #readAgain(last: LayerMessage): void {
    try {
      this.#read();
    } catch (error) {
      this.#onError(error, last);
    }
  }

  #giveUp(timeout: number): void {
    this.#abort.abort();
    for (const message of this.#atWork) {
      this.#onError(timeoutError("a worker's handler went on for", timeout, "was let go"), message);
    }
    this.#settle();
  }

  /** Tells who waits that nothing is left to wait for. */
  #settle(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** By default of each type: what stands before its first dot. */
function channelOf(type: string): string {
  const dot = type.indexOf(".");
  if (dot >= 0) return type.slice(0, dot);
  throw new UsageError(
    "ERR_EVENT_TYPE",
    `worker was given a handler for ${JSON.stringify(type)}, a type without a dot: write it like "jobs.run"`,
  );
}

function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
