import process from "node:process";
import { createInterface } from "node:readline";
import { WebSocket } from "undici";

for await (const url of createInterface({ input: process.stdin })) {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }: { data: string | ArrayBuffer }) => {
    socket.send(data);
  });
}
