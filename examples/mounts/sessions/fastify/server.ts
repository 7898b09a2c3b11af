/** Fastify logs people in and out; sluice reads the session from the same store. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import cookie from "@fastify/cookie";
import session, { MemoryStore } from "@fastify/session";
import { fastify } from "fastify";
import { attach, memoryLayer } from "sluice";
import { deployments } from "../deploy.ts";
import { isFromOurPage, nameIn } from "../form.ts";
import { fileAt, headers } from "../pages.ts";

declare module "fastify" {
  interface Session {
    username?: string;
  }
}

const secret = process.env.SESSION_SECRET ?? randomBytes(32).toString("hex");
const store = new MemoryStore();

const app = fastify();
app.addHook("onRequest", async (request, reply) => {
  reply.headers(headers);
  if (request.method === "POST" && !isFromOurPage(request.headers)) return reply.code(403).send();
});
await app.register(cookie);
await app.register(session, {
  store,
  secret,
  saveUninitialized: false,
  cookie: { sameSite: "lax", secure: "auto" },
});
app.addContentTypeParser(
  "application/x-www-form-urlencoded",
  { parseAs: "string" },
  async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
);

app.get("/*", (request, reply) => {
  const file = fileAt(request.url);
  if (file === undefined) reply.callNotFound();
  else reply.type(file.type).send(file.body);
});

app.get("/session", async ({ session }) => ({ username: session.username ?? null }));

app.post("/login", async (request, reply) => {
  const username = nameIn(request.body);
  if (username === undefined) return reply.code(400).send();
  // A new id: whoever knew the one from before the login does not know this one.
  await request.session.regenerate();
  request.session.username = username;
  return reply.redirect("/deploy/online/1/", 303);
});

app.post("/logout", async (request, reply) => {
  // The sockets of this session are closed before the answer leaves.
  await request.session.destroy();
  return reply.redirect("/", 303);
});

const sockets = attach(app.server, {
  websocket: deployments({ store, secret, name: "sessionId", prefix: "" }),
  layer: memoryLayer(),
});
app.addHook("preClose", () => sockets.close());

console.log(await app.listen({ port: Number(process.env.PORT ?? 8000) }));

await once(process, "SIGTERM");
await app.close();
