/** Hono speaks fetch; its Node adapter makes of it the listener that serve() takes. */
import { once } from "node:events";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { serve } from "sluice";
import { chat } from "../chat.ts";

const app = new Hono();
app.get("/", (context) => context.text("Hello from Hono\n"));

const server = await serve({
  http: getRequestListener(app.fetch),
  websocket: chat,
  port: Number(process.env.PORT ?? 8000),
});
console.log(server.url);

await once(process, "SIGTERM");
await server.close(); // Tells every client 1012, then lets requests under way finish.
