/** The applications as one writes them with Socket.IO. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { announce, app } from "./announce.ts";

const http = createServer();
const server = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  perMessageDeflate: app.compression,
  maxHttpBufferSize: 2 * app.largest + 1_024,
});
server.on("connection", (socket) => {
  socket.on("m", (text: string) => {
    if (app.kind === "echo") socket.emit("m", text);
    else server.emit("m", text);
  });
});
http.listen(0, "127.0.0.1", 1_024, () => announce((http.address() as AddressInfo).port));
