import process from "node:process";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

for await (const url of createInterface({ input: process.stdin })) {
  const socket = new WebSocket(url);
  socket.on("message", (data: Buffer, binary) => socket.send(data, { binary }));
  // Why it fails is what the tester is there for.
  socket.on("error", () => {});
}
