/** The Vite dev server in middleware mode: its HMR socket and ours share one server of node:http. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { attach, memoryLayer } from "sluice";
import { createServer as createViteServer } from "vite";
import { chat } from "../chat.ts";

const server = createServer();
const vite = await createViteServer({
  root: import.meta.dirname,
  server: { middlewareMode: true, ws: { server } },
});
server.on("request", vite.middlewares);
const sockets = attach(server, { websocket: chat, layer: memoryLayer() });

server.listen(Number(process.env.PORT ?? 8000), "127.0.0.1");
await once(server, "listening");
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

await once(process, "SIGTERM");
await sockets.close(); // Tells every client 1012: this restarts, come back.
await vite.close();
server.close();
