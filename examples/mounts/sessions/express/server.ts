/** Express logs people in and out; sluice reads the session from the same store. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import express from "express";
import session from "express-session";
import { serve } from "sluice";
import { deployments } from "../deploy.ts";
import { isFromOurPage, nameIn } from "../form.ts";
import { fileAt, headers } from "../pages.ts";

declare module "express-session" {
  interface SessionData {
    username: string;
  }
}

const secret = process.env.SESSION_SECRET ?? randomBytes(32).toString("hex");
const store = new session.MemoryStore();

const app = express();
app.use((request, response, next) => {
  response.set(headers);
  if (request.method === "POST" && !isFromOurPage(request.headers)) response.sendStatus(403);
  else next();
});
app.get(/./, (request, response, next) => {
  const file = fileAt(request.url);
  if (file === undefined) next();
  else response.type(file.type).send(file.body);
});
app.use(
  session({
    store,
    secret,
    resave: false,
    saveUninitialized: false,
    cookie: { sameSite: "lax", secure: "auto" },
  }),
);
app.use(express.urlencoded({ extended: false }));

app.get("/session", (request, response) => {
  response.json({ username: request.session.username ?? null });
});

app.post("/login", (request, response, next) => {
  const username = nameIn(request.body);
  if (username === undefined) return void response.sendStatus(400);
  // A new id: whoever knew the one from before the login does not know this one.
  request.session.regenerate((error) => {
    if (error) return next(error);
    request.session.username = username;
    // Saved before it is answered: the browser comes back at once.
    request.session.save((error) => {
      if (error) next(error);
      else response.redirect(303, "/deploy/online/1/");
    });
  });
});

app.post("/logout", (request, response, next) => {
  // The sockets of this session are closed before the answer leaves.
  request.session.destroy((error) => {
    if (error) next(error);
    else response.redirect(303, "/");
  });
});

const server = await serve({
  http: app,
  websocket: deployments({ store, secret }),
  port: Number(process.env.PORT ?? 8000),
});
console.log(server.url);

await once(process, "SIGTERM");
await server.close();
