import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { type RawData, WebSocket } from "ws";
import { route, router, type Scope, serve, type Server, silentLogger } from "sluice";
import { certificate } from "../server/certificate.ts";
import { Http2Client } from "../server/http2-client.ts";
import { describeWithProxy, type Side, startProxy } from "./proxy.ts";

/** What each translates: to us, and what it makes of it. */
const ways: readonly { front: Side; back: Side; version: "1.1" | "2" }[] = [
  { front: "http1", back: "http2", version: "2" },
  { front: "http2", back: "http1", version: "1.1" },
  { front: "http2", back: "http2", version: "2" },
  { front: "tls", back: "tls", version: "2" },
];

for (const name of ["haproxy", "nghttpx"] as const) {
  describeWithProxy(name, `through ${name} (RFC 8441)`, () => {
    for (const way of ways) {
      it(`a WebSocket comes from ${way.front} as HTTP/${way.version}`, async () => {
        const { server, scopes, ends } = await startEcho(way.back === "tls");
        const port = await startProxy(name, way.front, way.back, server.port);
        if (way.front === "http2") await talkHttp2(`http://127.0.0.1:${port}`);
        else await talkHttp1(`${way.front === "tls" ? "wss" : "ws"}://127.0.0.1:${port}`);
        await expect.poll(() => ends).toEqual([[4001, "bye"]]);
        expect(scopes.map(({ httpVersion }) => httpVersion)).toEqual([way.version]);
        expect(scopes[0]!.secure).toBe(way.back === "tls");
        await expect.poll(() => server.connections).toBe(0);
      });
    }

    it("a refusal arrives with its status, and a page as HTTP/1.1", async () => {
      const { server } = await startEcho(false);
      const port = await startProxy(name, "http1", "http2", server.port);
      const socket = new WebSocket(`ws://127.0.0.1:${port}/nowhere`);
      const [, response] = (await once(socket, "unexpected-response")) as [
        unknown,
        { statusCode: number },
      ];
      expect(response.statusCode).toBe(404);
      const page = await fetch(`http://127.0.0.1:${port}/page`);
      expect(await page.text()).toBe("GET /page HTTP/1.1");
      socket.on("error", () => {}).terminate();
    });

    it("an abrupt end on either side is one on the other", async () => {
      const { server, ends } = await startEcho(false);
      const port = await startProxy(name, "http1", "http2", server.port);
      const [first, second] = [await open(port), await open(port)];
      first.terminate();
      await expect.poll(() => ends).toEqual([[1006, ""]]);
      const closed = once(second, "close");
      await server.close({ timeout: 0 });
      await closed;
    });
  });
}

async function open(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/echo/`);
  await once(socket, "open");
  return socket;
}

interface Echo {
  readonly server: Server;
  readonly scopes: Scope[];
  readonly ends: [number, string][];
}

async function startEcho(tls: boolean): Promise<Echo> {
  const scopes: Scope[] = [];
  const ends: [number, string][] = [];
  const server = await serve({
    http2: true,
    compression: true,
    ...(tls && { tls: certificate }),
    port: 0,
    log: silentLogger,
    http: ({ method, url, httpVersion }, response) =>
      void response.end(`${method} ${url} HTTP/${httpVersion}`),
    websocket: router([
      route("/echo/", (scope, socket) => {
        scopes.push(scope);
        return {
          text: (message) => socket.send(message),
          bytes: (message) => socket.send(message),
          disconnect: (code, reason) => void ends.push([code, reason]),
        };
      }),
    ]),
  });
  onTestFinished(() => server.close({ timeout: 0 }));
  return { server, scopes, ends };
}

const long = Buffer.from("0123456789abcdef".repeat(40_000));

async function talkHttp1(url: string): Promise<void> {
  const socket = new WebSocket(`${url}/echo/`, { rejectUnauthorized: false });
  await once(socket, "open");
  expect(socket.extensions).toContain("permessage-deflate");
  socket.send("hello");
  expect(String((await once(socket, "message"))[0])).toBe("hello");
  socket.send(long);
  const [echoed] = (await once(socket, "message")) as [RawData];
  expect(long.equals(echoed as Buffer)).toBe(true);
  socket.close(4001, "bye");
  expect((await once(socket, "close"))[0]).toBe(4001);
}

async function talkHttp2(url: string): Promise<void> {
  const client = await Http2Client.connect(url);
  expect(client.session.remoteSettings.enableConnectProtocol).toBe(true);
  const peer = await client.open("/echo/", { ":authority": new URL(url).host });
  peer.send(1, "hello");
  expect(String((await peer.frame()).payload)).toBe("hello");
  peer.send(2, long);
  expect(long.equals((await peer.frame()).payload)).toBe(true);
  peer.send(8, Buffer.from("\x0f\xa1bye", "latin1"));
  const { opcode, payload } = await peer.frame();
  expect([opcode, payload.readUInt16BE()]).toEqual([8, 4001]);
  peer.stream.end();
  await peer.closed;
}
