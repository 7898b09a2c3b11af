import type { Socket } from "node:net";
import type { Transport, TransportSink } from "./transport.ts";

/** A TCP or TLS socket as a {@link Transport}. */
export class SocketTransport implements Transport {
  readonly #socket: Socket;
  #sink: TransportSink | undefined;
  #kept = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setTimeout(0);
    socket.setNoDelay(true);
  }

  open(sink: TransportSink): void {
    const first = this.#sink === undefined;
    this.#sink = sink;
    if (!first) return;
    const socket = this.#socket;
    socket.on("data", (chunk) => this.#sink!.onData(chunk));
    socket.on("end", () => this.#sink!.onEnd());
    socket.on("close", () => this.#sink!.onGone());
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
  readonly #written = (): void => {
    if (this.#kept && this.#socket.writableLength === 0) {
      this.#kept = false;
      this.#sink?.onDrain();
    }
  };
}
