import type { Duplex } from "node:stream";
import type { Transport, TransportSink } from "./transport.ts";

/** Where a stream keeps its transport: listeners shared by all streams find it there. */
const transport = Symbol("transport");

type OwnedDuplex = Duplex & { [transport]: DuplexTransport | undefined };

/**
 * What all transports over a stream of Node have in common. Whoever made the stream listens for its
 * `error` event; `close` follows, and says all that matters here.
 */
export abstract class DuplexTransport implements Transport {
  readonly #stream: OwnedDuplex;
  #sink: TransportSink | undefined;
  #kept = false;

  constructor(stream: Duplex) {
    this.#stream = stream as OwnedDuplex;
    this.#stream[transport] = this;
  }

  abstract write(chunk: Uint8Array): boolean;

  open(sink: TransportSink): void {
    const first = this.#sink === undefined;
    this.#sink = sink;
    if (!first) return;
    this.#stream.on("data", onData).on("end", onEnd).on("close", onClose);
  }

  /** Lets go of the stream: whoever takes it now finds no listener of ours. */
  release(): void {
    this.#stream.off("data", onData).off("end", onEnd).off("close", onClose);
    this.#stream[transport] = undefined;
  }

  /** Whom the listeners tell. */
  get sink(): TransportSink {
    return this.#sink!;
  }

  get bufferedAmount(): number {
    return this.#stream.writableLength;
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  /** Whether `onDrain` is still to come. */
  protected get kept(): boolean {
    return this.#kept;
  }

  /** A chunk is kept: makes the callback of the write that ends with it, which leads to `onDrain`. */
  protected keep(): (error?: Error | null) => void {
    this.#kept = true;
    return (error) => {
      const stream = this.#stream;
      // What was lost has made no room; node:net may call that no error.
      if (error || stream.destroyed) return;
      if (this.#kept && stream.writableLength === 0) {
        this.#kept = false;
        this.#sink?.onDrain();
      }
    };
  }
}

function onData(this: Duplex, chunk: Buffer): void {
  (this as OwnedDuplex)[transport]!.sink.onData(chunk);
}

function onEnd(this: Duplex): void {
  // A stream of HTTP/2 that is reset ends, too; it counts as closed by then, and `close` follows.
  if (!this.closed) (this as OwnedDuplex)[transport]!.sink.onEnd();
}

function onClose(this: Duplex): void {
  (this as OwnedDuplex)[transport]!.sink.onGone();
}
