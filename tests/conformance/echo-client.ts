import { connect } from "node:net";
import { Connection } from "../../src/connection/connection.ts";
import { Engine } from "../../src/connection/engine.ts";
import { SocketTransport } from "../../src/connection/socket-transport.ts";
import { defaultLimits } from "../../src/internal/limits.ts";
import { open } from "./opening.ts";

const engine = new Engine();

/** Connects to a port of this machine and echoes every message: sluice's core as a client. */
export async function echoClient(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  // How the connection ends is the tester's to judge.
  socket.on("error", () => {});
  await open(socket, "client");

  const echo = (message: string | Uint8Array) => connection.send(message, undefined, true);
  const connection = new Connection(new SocketTransport(socket), {
    role: "client",
    engine,
    limits: defaultLimits,
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
