import { describe, expect, test } from "vitest";
import { type Application, route, router } from "sluice";
import { certificate } from "./certificate.ts";
import { Gate } from "./gate.ts";
import { Http2Client } from "./http2-client.ts";
import { messages, published } from "./published.ts";
import { echo, start } from "./start.ts";

describe("an extended CONNECT (RFC 8441 §4) is refused", () => {
  test.each([
    ["a wrong version", { "sec-websocket-version": "8" }, 400],
    ["no version", { "sec-websocket-version": undefined }, 400],
    ["another protocol (RFC 9220 §3)", { ":protocol": "connect-udp" }, 501],
    ["no route", { ":path": "/chat" }, 404],
    ["a path that is none", { ":path": "//chat/" }, 400],
    ["a foreign origin", { origin: "https://evil.example" }, 403],
    ["another Host than :authority", { host: "evil.example" }, 400],
    ["a subprotocol offered twice", { "sec-websocket-protocol": "a, a" }, 400],
    ["a body", { "content-length": "5" }, 400],
  ])("for %s", async (_what, headers, status) => {
    const server = await start({ http2: true, websocket: router([route("/chat/", echo)]) });
    const client = await Http2Client.connect(server.url);
    const peer = await client.ask({ ":path": "/chat/", ...headers });
    expect(peer.status).toBe(status);
    expect(peer.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect((await peer.end()).length).toBe(Number(peer.headers["content-length"]));
    expect(server.connections).toBe(0);
    // Only the stream: others may follow.
    expect((await client.ask({ ":path": "/chat/" })).status).toBe(200);
  });

  test("when it asks for no protocol: this is not a proxy", async () => {
    const server = await start({ http2: true });
    const client = await Http2Client.connect(server.url);
    const peer = await client.ask({
      ":protocol": undefined,
      ":scheme": undefined,
      ":path": undefined,
      ":authority": "internal.example:22",
    });
    expect(peer.status).toBe(501);
  });

  test("with what hides a mistake of a slash, and the reason in the body", async () => {
    const server = await start({ http2: true, websocket: router([route("/chat/", echo)]) });
    const peer = await (await Http2Client.connect(server.url)).ask({ ":path": "/chat" });
    expect(String(await peer.end())).toBe('no route matches "/chat", but "/chat/" does\n');
  });

  test("for too many lines, cookies being one", async () => {
    const server = await start({ http2: true });
    const client = await Http2Client.connect(server.url);
    const lines = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, "a"]));
    const cookie = Array.from({ length: 80 }, (_, at) => `c${at}=1`);
    expect((await client.ask({ ...lines(98), cookie })).status).toBe(200);
    expect((await client.ask({ ...lines(99), cookie })).status).toBe(431);
  });

  test("by the application, with its status, headers and body", async () => {
    const server = await start({
      http2: true,
      websocket: (_scope, socket) => ({
        open: () =>
          socket.reject(402, {
            headers: { "Retry-After": "7", Upgrade: "money/1" },
            body: "Bitte zahlen: 5 €",
          }),
      }),
    });
    const peer = await (await Http2Client.connect(server.url)).ask();
    expect(peer.status).toBe(402);
    expect(peer.headers["retry-after"]).toBe("7");
    expect(peer.headers).not.toHaveProperty("upgrade");
    expect(String(await peer.end())).toBe("Bitte zahlen: 5 €");
  });

  test.each<[string, Application, number]>([
    ["throws", () => ({ open: () => Promise.reject(new Error("no")) }), 500],
    ["closes", (_scope, socket) => ({ open: () => socket.close() }), 403],
    [
      "sends a header that node:http2 sends once only",
      (_scope, socket) => ({ open: () => socket.accept({ headers: { etag: ["a", "b"] } }) }),
      500,
    ],
  ])("when the application %s", async (_what, websocket, status) => {
    const server = await start({ http2: true, websocket });
    expect((await (await Http2Client.connect(server.url)).ask()).status).toBe(status);
  });

  test("when the application takes too long", async () => {
    const gate = new Gate();
    const server = await start({
      http2: true,
      limits: { connectTimeout: 50 },
      websocket: () => ({ open: () => gate.passed }),
    });
    expect((await (await Http2Client.connect(server.url)).ask()).status).toBe(503);
    gate.open();
  });

  test("when too many wait already, and while the server drains", async () => {
    const gate = new Gate();
    const server = await start({
      http2: true,
      limits: { pendingHandshakes: 1 },
      websocket: () => ({ open: () => gate.passed }),
    });
    const [client, other] = [
      await Http2Client.connect(server.url),
      await Http2Client.connect(server.url),
    ];
    const first = client.begin();
    await client.ping();
    const refused = await other.ask();
    expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "1"]);
    const closed = server.close();
    await first.answered;
    expect(first.status).toBe(503);
    gate.open();
    await closed;
  });

  test("and told where everything else is told", async () => {
    const events = published();
    const server = await start({ http2: true, websocket: router([route("/chat/", echo)]) });
    await (await Http2Client.connect(server.url)).ask({ ":path": "/other?a=1" });
    expect(messages(events, "sluice:handshake.reject")).toEqual([
      {
        target: "/other?a=1",
        status: 404,
        error: expect.objectContaining({ code: "ERR_HANDSHAKE_ROUTE" }),
      },
    ]);
  });
});

describe("an extended CONNECT is accepted", () => {
  test("from haproxy, which keeps the key, the letters of the Upgrade, and always says https", async () => {
    const server = await start({ http2: true });
    const peer = await (await Http2Client.connect(server.url)).ask({
      ":protocol": "WebSocket",
      ":scheme": "https",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    });
    expect(peer.status).toBe(200);
  });

  test("from the page's own host, whatever :scheme says", async () => {
    const server = await start({ http2: true, tls: certificate });
    const client = await Http2Client.connect(server.url);
    const own = { ":authority": "example.com", ":scheme": "http" };
    expect((await client.ask({ ...own, origin: "https://example.com" })).status).toBe(200);
    expect((await client.ask({ ...own, origin: "http://example.com" })).status).toBe(403);
  });

  test("for the client that a trusted proxy names", async () => {
    const scopes: unknown[] = [];
    const server = await start({
      http2: true,
      trustProxy: ["127.0.0.1"],
      websocket: ({ client, secure }) => {
        scopes.push({ ...client, secure });
        return {};
      },
    });
    await (await Http2Client.connect(server.url)).open("/", {
      "x-forwarded-for": "192.0.2.7",
      "x-forwarded-proto": "https",
    });
    expect(scopes).toEqual([{ address: "192.0.2.7", port: 0, secure: true }]);
  });
});

describe("a handshake whose client leaves", () => {
  test("is over for the application, once", async () => {
    const gate = new Gate();
    const ends: number[] = [];
    const server = await start({
      http2: true,
      websocket: () => ({ open: () => gate.passed, disconnect: (code) => void ends.push(code) }),
    });
    const client = await Http2Client.connect(server.url);
    const peer = client.begin();
    await client.ping();
    peer.reset();
    await client.ping();
    gate.open();
    await expect.poll(() => ends).toEqual([1006]);
  });
});
