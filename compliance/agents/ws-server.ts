import { once } from "node:events";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
server.on("connection", (socket) => {
  socket.on("message", (data: Buffer, binary) => socket.send(data, { binary }));
  // Why it fails is what the tester is there for.
  socket.on("error", () => {});
});
await once(server, "listening");
process.stdout.write(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/\n`);
