import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer } from "ws";
import { slowness } from "./deadlines.ts";
import { answerQuestions } from "./vitals.ts";

// The same with `ws`, as its README shows it, and with its defaults.
const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: true });

server.on("connection", (socket, request) => {
  socket.on("error", () => {});
  socket.on("message", (data, binary) => {
    if (request.url === "/") socket.send(data, { binary });
    else if (request.url === "/room/") {
      for (const client of server.clients) client.send(data, { binary });
    } else if (request.url === "/slow/")
      void sleep(slowness).then(() => socket.send(data, { binary }));
  });
});

http.listen(0, "127.0.0.1", () => answerQuestions((http.address() as AddressInfo).port));
