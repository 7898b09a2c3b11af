import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { createClient } from "redis";
import {
  type ChannelLayer,
  cookies,
  memoryLayer,
  type Server,
  serve,
  sessions,
  silentLogger,
  stack,
} from "sluice";
import { RawPeer } from "sluice/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { RedisProgram } from "../../../brokers/redis-servers.ts";
import { describeWithRedis } from "../../layers/redis/describe-with-redis.ts";
import { HttpClient } from "../http-client.ts";
import { SocketClient } from "../socket-client.ts";

const secret = "keyboard cat";

describeWithRedis("a session kept on Redis by connect-redis", () => {
  let redis: RedisProgram;
  let layer: ChannelLayer;
  const clients: { destroy(): void }[] = [];
  const servers: Server[] = [];

  beforeAll(async () => {
    redis = await RedisProgram.start();
    layer = memoryLayer();
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close({ timeout: 0 });
    for (const client of clients.splice(0)) client.destroy();
  });
  afterAll(() => redis?.stop());

  /** A process: its own connection to Redis, its own store, the layer of all. */
  async function start(options: { recheckInterval?: number; required?: boolean } = {}) {
    const client = createClient({ url: redis.url });
    client.on("error", () => {});
    clients.push(client);
    await client.connect();
    const store = new RedisStore({ client });
    const app = express();
    app.use(session({ store, secret, resave: false, saveUninitialized: false }));
    app.post("/login/:username", (request, response) => {
      Object.assign(request.session, { username: request.params.username });
      response.end();
    });
    app.post("/logout", (request, response) => {
      request.session.destroy(() => void response.end());
    });
    app.get("/", (request, response) => void response.json(request.session));
    const server = await serve({
      http: app,
      websocket: stack(
        cookies(),
        sessions<{ username: string }>({ store, secret, ...options }),
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
      layer,
      port: 0,
      log: silentLogger,
    });
    servers.push(server);
    return { url: server.url, client };
  }

  it("is known in the socket, and written by it", async () => {
    const { url } = await start();
    const browser = new HttpClient(url);
    await browser.post("/login/ada");
    const socket = await SocketClient.open(url, browser.cookie);
    expect(await socket.next()).toBe("ada");
    socket.send("bob");
    expect(await socket.next()).toBe("saved");
    expect(await browser.get("/")).toMatchObject({ username: "bob" });
    socket.close();
  });

  it("ends in one process, and its sockets in another one, too", async () => {
    const [one, two] = [await start(), await start()];
    const browser = new HttpClient(one.url);
    await browser.post("/login/ada");
    const near = await SocketClient.open(one.url, browser.cookie);
    const far = await SocketClient.open(two.url, browser.cookie);
    expect([await near.next(), await far.next()]).toEqual(["ada", "ada"]);
    await browser.post("/logout");
    expect(await near.closed).toEqual([4510, "session ended"]);
    expect(await far.closed).toEqual([4510, "session ended"]);
  });

  it("is found to be gone when nobody said so", async () => {
    const { url, client } = await start({ recheckInterval: 50 });
    const browser = new HttpClient(url);
    await browser.post("/login/ada");
    const socket = await SocketClient.open(url, browser.cookie);
    expect(await socket.next()).toBe("ada");
    await client.flushAll();
    expect(await socket.closed).toEqual([4510, "session ended"]);
  });

  it("keeps nobody in who needs one while Redis is away: 503", async () => {
    const { url, client } = await start({ required: true });
    const browser = new HttpClient(url);
    await browser.post("/login/ada");
    client.destroy();
    const handshake = RawPeer.open(Number(new URL(url).port), "/", { cookie: browser.cookie });
    await expect(handshake).rejects.toThrow("HTTP/1.1 503");
  });
});
