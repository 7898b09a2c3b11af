import type { Socket } from "node:net";
import { DuplexTransport } from "./duplex-transport.ts";

/** What is written to hear of its end. */
const nothing: Uint8Array = Buffer.alloc(0);

/** A TCP or TLS socket as a {@link Transport}. */
export class SocketTransport extends DuplexTransport {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super(socket);
    this.#socket = socket;
    socket.setTimeout(0);
    socket.setNoDelay(true);
  }

  write(chunk: Uint8Array): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    socket.write(chunk);
    // The kernel took it all during the call, or it is still ours: nothing in between.
    if (socket.writableLength === 0) return true;
    // A callback for each write would cost a tick for each, and `drain` comes above the high-water mark
    // only: what tells that this chunk has left is an empty one behind it.
    socket.write(nothing, this.keep());
    return false;
  }
}
