/** Next with a custom server: in development, its hot reload has a socket on the same port. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import next from "next";
import { attach, memoryLayer } from "sluice";
import { chat } from "../chat.ts";

const dev = process.env.NODE_ENV !== "production";
const hostname = "127.0.0.1"; // Next has to know: it refuses its hot reload to pages of other hosts.

const server = createServer();
const app = next({ dev, dir: import.meta.dirname, hostname, httpServer: server });
await app.prepare();
server.on("request", app.getRequestHandler());
const sockets = attach(server, { websocket: chat, layer: memoryLayer() });

server.listen(Number(process.env.PORT ?? 8000), hostname);
await once(server, "listening");
const url = `http://${hostname}:${(server.address() as AddressInfo).port}`;
await fetch(url); // From its first request on, Next hears upgrades. This is that request.
console.log(url);

await once(process, "SIGTERM");
await sockets.close(); // Tells every client 1012: this restarts, come back.
if (!dev) await once(server.close(), "close"); // In development, open pages would hold it open.
await app.close();
process.exit(); // Next's own watchers would go on.
