import express from "express";
import session from "express-session";
import {
  cookies,
  memoryLayer,
  type Server,
  serve,
  sessions,
  stack,
  WebSocketConsumer,
} from "sluice";
import { silentLogger, type Scope, type SessionScope } from "sluice";
import { afterEach, describe, expect, it } from "vitest";
import { HttpClient } from "./http-client.ts";
import { SocketClient } from "./socket-client.ts";

interface Login {
  username: string;
  visits: number;
}

/** Tells who is there, as the tutorial's deployment page does. */
class Greeter extends WebSocketConsumer<Scope & SessionScope<Login>> {
  override async connect(): Promise<void> {
    const { username = "nobody" } = await this.scope.session.load();
    this.accept();
    this.send(username);
  }
  override async receive(text: string): Promise<void> {
    const { session } = this.scope;
    if (text === "visit") {
      session.data.visits = (session.data.visits ?? 0) + 1;
      await session.save();
      this.send(`visit ${session.data.visits}`);
    }
    if (text === "logout") await session.destroy();
  }
}

let server: Server | undefined;
afterEach(async () => {
  await server?.close({ timeout: 0 });
  server = undefined;
});

const secret = ["new secret", "old secret"];

/** An application as people run it: it logs in and out over HTTP, and serves sockets beside. */
async function start(store: session.Store = new session.MemoryStore()): Promise<Server> {
  const app = express();
  app.use(session({ store, secret, resave: false, saveUninitialized: false }));
  app.post("/login/:username", (request, response, next) => {
    request.session.regenerate((error) => {
      if (error) return next(error);
      Object.assign(request.session, { username: request.params.username });
      response.end();
    });
  });
  app.get("/", (request, response) => void response.json(request.session));
  app.post("/logout", (request, response) => {
    request.session.destroy(() => void response.end());
  });
  server = await serve({
    http: app,
    websocket: stack(cookies(), sessions<Login>({ store, secret }), Greeter),
    layer: memoryLayer(),
    port: 0,
    log: silentLogger,
  });
  return server;
}

describe("a login over Express", () => {
  it("is known in the socket", async () => {
    const { url } = await start();
    const browser = new HttpClient(url);
    expect(await (await SocketClient.open(url, browser.cookie)).next()).toBe("nobody");
    await browser.post("/login/ada");
    const socket = await SocketClient.open(url, browser.cookie);
    expect(await socket.next()).toBe("ada");
    socket.close();
  });

  it("ends, and the socket with it: 4510 before the logout is answered", async () => {
    const { url } = await start();
    const browser = new HttpClient(url);
    const stranger = new HttpClient(url);
    await browser.post("/login/ada");
    await stranger.post("/login/bob");
    const tabs = [
      await SocketClient.open(url, browser.cookie),
      await SocketClient.open(url, browser.cookie),
    ];
    const other = await SocketClient.open(url, stranger.cookie);
    for (const socket of [...tabs, other]) await socket.next();
    await browser.post("/logout");
    for (const tab of tabs) expect(await tab.closed).toEqual([4510, "session ended"]);
    other.send("visit");
    expect(await other.next()).toBe("visit 1");
    other.close();
    expect(await (await SocketClient.open(url, browser.cookie)).next()).toBe("nobody");
  });

  it("as somebody else closes the sockets of before", async () => {
    const { url } = await start();
    const browser = new HttpClient(url);
    await browser.post("/login/ada");
    const before = await SocketClient.open(url, browser.cookie);
    await browser.post("/login/bob");
    expect(await before.closed).toEqual([4510, "session ended"]);
    const after = await SocketClient.open(url, browser.cookie);
    expect(await after.next()).toBe("bob");
    after.close();
  });
});

describe("a session that a socket writes", () => {
  it("is read by Express, and the other way round", async () => {
    const { url } = await start();
    const browser = new HttpClient(url);
    await browser.post("/login/ada");
    const socket = await SocketClient.open(url, browser.cookie);
    await socket.next();
    socket.send("visit");
    expect(await socket.next()).toBe("visit 1");
    const { cookie, ...data } = (await browser.get("/")) as { cookie: object };
    expect(data).toEqual({ username: "ada", visits: 1 });
    expect(cookie).toMatchObject({ originalMaxAge: null, httpOnly: true, path: "/" });
    socket.close();
  });

  it("and destroys is gone for Express, too", async () => {
    const { url } = await start();
    const browser = new HttpClient(url);
    await browser.post("/login/ada");
    const socket = await SocketClient.open(url, browser.cookie);
    await socket.next();
    socket.send("logout");
    expect(await socket.closed).toEqual([4510, "session ended"]);
    expect(await browser.get("/")).not.toHaveProperty("username");
  });
});
