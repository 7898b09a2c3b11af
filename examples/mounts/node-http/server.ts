/** A server of node:http that exists already: sluice takes its upgrades, and only those for /chat/. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { attach, memoryLayer } from "sluice";
import { chat } from "../chat.ts";

const server = createServer((request, response) => {
  if (request.url === "/") response.end("Hello from node:http\n");
  else response.writeHead(404).end("Not found\n");
});
const sockets = attach(server, { websocket: chat, layer: memoryLayer() });

server.listen(Number(process.env.PORT ?? 8000), "127.0.0.1");
await once(server, "listening");
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

await once(process, "SIGTERM");
await sockets.close(); // Tells every client 1012: this restarts, come back.
server.close(); // Ours to close: attach() never closes a server that it did not make.
