import { connect } from "node:net";
import { Connection } from "../../src/connection/connection.ts";
import { Engine } from "../../src/connection/engine.ts";
import { SocketTransport } from "../../src/connection/socket-transport.ts";
import { defaultLimits } from "../../src/internal/limits.ts";
import { openAsClient } from "../../compliance/opening.ts";

const engine = new Engine();

/** Connects to a port of this machine, by its URL, and echoes every message: sluice's core as a client. */
export async function echoClient(url: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  // How the connection ends is the tester's to judge.
  socket.on("error", () => {});
  await openAsClient(socket);

  const echo = (message: string | Uint8Array) => connection.send(message, undefined, true);
  const connection = new Connection(new SocketTransport(socket), {
    role: "client",
    engine,
    limits: { ...defaultLimits, maxMessageSize: 16 * 1024 * 1024 },
    sink: {
      busy: false,
      slow: "close",
      onText: echo,
      onBytes: echo,
      onDrop() {},
      onFail() {},
      onClosed() {},
      onGone() {},
    },
  });
  socket.resume();
}
