import {
  type Job,
  type StopOptions,
  type Worker,
  type WorkerHandlers,
  type WorkerOptions,
  worker,
} from "../application/worker.ts";
import type { ChannelLayer, LayerMessage } from "../layers/channel-layer.ts";
import { memoryLayer } from "../layers/memory.ts";
import { Inbox } from "./inbox.ts";

/** Options of {@link workerCommunicator}. */
export interface WorkerCommunicatorOptions<M extends LayerMessage = LayerMessage>
  extends Omit<WorkerOptions, "onError"> {
  /** The layer to read. @defaultValue a memory layer of its own */
  readonly layer?: ChannelLayer<M>;
}

/**
 * Drives a worker's handlers.
 *
 * ```ts
 * const jobs = workerCommunicator(thumbnailHandlers);
 * await jobs.send({ type: "thumbnails.make", id: 7 });
 * await jobs.handled();
 * await jobs.stop();
 * ```
 */
export function workerCommunicator<M extends LayerMessage = LayerMessage>(
  handlers: WorkerHandlers<M>,
  options: WorkerCommunicatorOptions<M> = {},
): WorkerCommunicator<M> {
  return new WorkerCommunicator(handlers, options);
}

/** A worker and somebody who sends to it. */
export class WorkerCommunicator<M extends LayerMessage = LayerMessage> {
  /** Where the worker reads. */
  readonly layer: ChannelLayer<M>;
  readonly #channel: string | undefined;
  readonly #worker: Worker;
  readonly #handled = new Inbox<M>("handled message");

  /** @internal Use {@link workerCommunicator}. */
  constructor(handlers: WorkerHandlers<M>, options: WorkerCommunicatorOptions<M>) {
    const { layer = memoryLayer<M>(), ...rest } = options;
    this.layer = layer;
    this.#channel = options.channel;
    const watched = Object.entries<Handle<M>>(handlers as never).map(([type, handle]) => [
      type,
      this.#watch(handle),
    ]);
    this.#worker = worker(Object.fromEntries(watched) as WorkerHandlers<M>, this.layer, {
      ...rest,
      onError: (error) => this.#handled.raise(error),
    });
  }

  /** Sends a message to the channel that the worker reads for its type. */
  send(message: M): Promise<void> {
    return this.layer.send(this.#channel ?? message.type.split(".", 1)[0]!, message);
  }

  /**
   * The next message whose handler is done. What a handler throws, and `ERR_EVENT_NOT_HANDLED`, comes
   * in its turn as a rejection; after `timeout` milliseconds it is `ERR_TEST_TIMEOUT`.
   */
  handled(timeout = 1000): Promise<M> {
    return this.#handled.take(timeout);
  }

  /** Stops the worker; see `Worker.stop`. */
  stop(options?: StopOptions): Promise<void> {
    return this.#worker.stop(options);
  }

  #watch(handle: Handle<M>): Handle<M> {
    return (message, job) => {
      const work = handle(message, job);
      if (work === undefined) return this.#handled.put(message);
      return work.then(() => this.#handled.put(message));
    };
  }
}

type Handle<M> = (message: M, job: Job) => void | Promise<unknown>;
