import { once } from "node:events";
import type { AddressInfo } from "node:net";
import fastifyCookie from "@fastify/cookie";
import fastifySession from "@fastify/session";
import fastify, { type FastifyInstance } from "fastify";
import { type Attached, attach, cookies, sessions, silentLogger, stack } from "sluice";
import { afterEach, describe, expect, it } from "vitest";
import { HttpClient } from "./http-client.ts";
import { SocketClient } from "./socket-client.ts";

const secret = [
  "a new secret of more than 32 characters",
  "an old secret of more than 32 characters",
];

let app: FastifyInstance | undefined;
let attached: Attached | undefined;
afterEach(async () => {
  await attached?.close({ timeout: 0 });
  await app?.close();
});

/** An application as people run it, with or without the prefix of Express. */
async function start(cookiePrefix: "s:" | ""): Promise<string> {
  const store = new fastifySession.MemoryStore();
  app = fastify();
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    store,
    secret,
    cookiePrefix,
    cookie: { secure: false, maxAge: 60_000 },
  });
  app.post<{ Params: { username: string } }>("/login/:username", async (request) => {
    await request.session.regenerate();
    request.session.set("username" as never, request.params.username as never);
    return {};
  });
  app.get("/", async (request) => request.session);
  app.post("/logout", async (request) => {
    await request.session.destroy();
    return {};
  });
  await app.ready();
  attached = attach(app.server, {
    websocket: stack(
      cookies(),
      sessions<{ username: string }>({ store, secret, name: "sessionId", prefix: cookiePrefix }),
      ({ session }, socket) => ({
        async open() {
          const { username = "nobody" } = await session.load();
          socket.accept();
          socket.send(username);
        },
        async text(username) {
          session.data.username = username;
          await session.save();
          await session.touch();
          socket.send("saved");
        },
      }),
    ),
    log: silentLogger,
  });
  app.server.listen(0, "127.0.0.1");
  await once(app.server, "listening");
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

describe.each(["", "s:"] as const)("a login over Fastify with the prefix %j", (prefix) => {
  it("is known in the socket, and ends with it: 4510", async () => {
    const url = await start(prefix);
    const browser = new HttpClient(url);
    await browser.post("/login/ada");
    const socket = await SocketClient.open(url, browser.cookie);
    expect(await socket.next()).toBe("ada");
    await browser.post("/logout");
    expect(await socket.closed).toEqual([4510, "session ended"]);
    expect(await (await SocketClient.open(url, browser.cookie)).next()).toBe("nobody");
  });

  it("is written by the socket, and read by Fastify", async () => {
    const url = await start(prefix);
    const browser = new HttpClient(url);
    await browser.post("/login/ada");
    const socket = await SocketClient.open(url, browser.cookie);
    await socket.next();
    socket.send("bob");
    expect(await socket.next()).toBe("saved");
    expect(await browser.get("/")).toMatchObject({
      username: "bob",
      cookie: { originalMaxAge: 60_000 },
    });
    socket.close();
  });
});
