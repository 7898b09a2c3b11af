import type { Socket } from "node:net";
import { DuplexTransport } from "./duplex-transport.ts";

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
    socket.write(chunk, this.written);
    // The kernel took it all during the call, or it is still ours: nothing in between.
    return socket.writableLength === 0 ? true : this.keep();
  }
}
