/** An echo server that dies at an empty ping, and hangs for good at another one. */
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ port: 0, host: "127.0.0.1" }, () => {
  console.log(`ws://127.0.0.1:${server.address().port}/`);
});
server.on("connection", (socket) => {
  socket.on("message", (data, binary) => socket.send(data, { binary }));
  socket.on("error", () => {});
  socket.on("ping", (data) => {
    if (data.length === 0) process.exit(7);
    for (;;);
  });
});
