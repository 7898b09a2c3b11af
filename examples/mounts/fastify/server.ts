/** Fastify makes its server itself: sluice is attached to it, and drains when Fastify closes. */
import { once } from "node:events";
import { fastify } from "fastify";
import { attach, memoryLayer } from "sluice";
import { chat } from "../chat.ts";

const app = fastify();
app.get("/", () => "Hello from Fastify\n");

const sockets = attach(app.server, { websocket: chat, layer: memoryLayer() });
app.addHook("preClose", () => sockets.close()); // Tells every client 1012: this restarts, come back.

console.log(await app.listen({ port: Number(process.env.PORT ?? 8000) }));

await once(process, "SIGTERM");
await app.close();
