/** A Koa app makes a listener of node:http, which is what serve() takes. */
import { once } from "node:events";
import Koa from "koa";
import { serve } from "sluice";
import { chat } from "../chat.ts";

const app = new Koa();
app.use((context, next) => {
  if (context.path !== "/") return next();
  context.body = "Hello from Koa\n";
});

const server = await serve({
  http: app.callback(),
  websocket: chat,
  port: Number(process.env.PORT ?? 8000),
});
console.log(server.url);

await once(process, "SIGTERM");
await server.close(); // Tells every client 1012, then lets requests under way finish.
