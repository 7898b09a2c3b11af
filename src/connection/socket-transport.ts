import type { Socket } from "node:net";
import type { Transport, TransportSink } from "./transport.ts";

/** Where a socket keeps its transport: listeners shared by all sockets find it there. */
const transport = Symbol("transport");

type OwnedSocket = Socket & { [transport]: SocketTransport };

/**
 * A TCP or TLS socket as a {@link Transport}. Whoever made the socket listens for its `error` event;
 * `close` follows, and says all that matters here.
 */
export class SocketTransport implements Transport {
  readonly #socket: OwnedSocket;
  #sink: TransportSink | undefined;
  #kept = false;

  constructor(socket: Socket) {
    this.#socket = socket as OwnedSocket;
    this.#socket[transport] = this;
    socket.setTimeout(0);
    socket.setNoDelay(true);
  }

  open(sink: TransportSink): void {
    const first = this.#sink === undefined;
    this.#sink = sink;
    if (!first) return;
    this.#socket.on("data", onData).on("end", onEnd).on("close", onClose);
  }

  /** Whom the listeners tell. */
  get sink(): TransportSink {
    return this.#sink!;
  }

  get bufferedAmount(): number {
    return this.#socket.writableLength;
  }

  write(chunk: Uint8Array): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    socket.write(chunk, this.#written);
    // The kernel took it all during the call, or it is still ours: nothing in between.
    if (socket.writableLength === 0) return true;
    this.#kept = true;
    return false;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** One function for all writes; `drain` would only come above the socket's high-water mark. */
  readonly #written = (error?: Error | null): void => {
    const socket = this.#socket;
    // What was lost has made no room; node:net may call that no error.
    if (error || socket.destroyed) return;
    if (this.#kept && socket.writableLength === 0) {
      this.#kept = false;
      this.#sink?.onDrain();
    }
  };
}

function onData(this: Socket, chunk: Buffer): void {
  (this as OwnedSocket)[transport].sink.onData(chunk);
}

function onEnd(this: Socket): void {
  (this as OwnedSocket)[transport].sink.onEnd();
}

function onClose(this: Socket): void {
  (this as OwnedSocket)[transport].sink.onGone();
}
