/** An Express app is a listener of node:http, which is what serve() takes. */
import { once } from "node:events";
import express from "express";
import { serve } from "sluice";
import { chat } from "../chat.ts";

const app = express();
app.get("/", (_request, response) => {
  response.send("Hello from Express\n");
});

const server = await serve({ http: app, websocket: chat, port: Number(process.env.PORT ?? 8000) });
console.log(server.url);

await once(process, "SIGTERM");
await server.close(); // Tells every client 1012, then lets requests under way finish.
