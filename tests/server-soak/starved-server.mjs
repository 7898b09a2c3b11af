/**
 * A server that runs out of file descriptors: run it with a low `ulimit -n`. Each line that it prints is JSON: where it listens, and each connection that it drops.
 */
import { subscribe } from "node:diagnostics_channel";
import { serve, WebSocketConsumer } from "sluice";

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
subscribe("sluice:connection.drop", ({ connections }) => say({ dropped: connections }));

class Echo extends WebSocketConsumer {
  receive(text) {
    this.send(text);
  }
}

const log = { debug() {}, info() {}, warn() {}, error: (_, logged) => say({ logged }) };
const { port } = await serve({ websocket: Echo, port: 0, log });
say({ port });
