import { once } from "node:events";
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { attach, type Attached, route, router, type Scope, silentLogger } from "sluice";
import { certificate } from "./certificate.ts";
import { Http2Client } from "./http2-client.ts";

const settings = { enableConnectProtocol: true };

describe("attach to a server of node:http2 (RFC 8441)", () => {
  test("takes extended CONNECT, and leaves plain requests to its listener", async () => {
    const server = createServer({ settings }, (request, response) => {
      response.end(`${request.method} ${request.url}`);
    });
    const { attached, scopes } = attachEcho(server);
    const client = await Http2Client.connect(await listen(server, "http"));
    const peer = await client.open("/chat/");
    peer.send(1, "hello");
    expect(String((await peer.frame()).payload)).toBe("hello");
    expect(scopes.map(({ httpVersion }) => httpVersion)).toEqual(["2"]);
    expect(attached.connections).toBe(1);
    expect((await client.fetch({ ":path": "/page" })).body).toBe("GET /page");
    expect((await client.ask({ ":path": "/nowhere" })).status).toBe(404);
    expect((await client.ask({ ":protocol": "connect-ip" })).status).toBe(501);
  });

  test("takes upgrades beside it, where the server allows HTTP/1.1", async () => {
    const server = createSecureServer({ ...certificate, allowHTTP1: true, settings });
    const { scopes } = attachEcho(server);
    const url = await listen(server, "https");
    const old = new WebSocket(`${url.replace("https", "wss")}/chat/`, { ca: certificate.cert });
    await once(old, "open");
    const peer = await (await Http2Client.connect(url)).open("/chat/");
    expect(scopes.map(({ httpVersion, secure }) => [httpVersion, secure])).toEqual([
      ["1.1", true],
      ["2", true],
    ]);
    peer.reset();
    old.terminate();
  });

  test("goes on refusing to be a proxy for HTTP/1.1", async () => {
    const server = createSecureServer({ ...certificate, allowHTTP1: true, settings });
    attachEcho(server);
    const { port } = new URL(await listen(server, "https"));
    const socket = connectTls({ host: "127.0.0.1", port: Number(port), ca: certificate.cert });
    socket.on("error", () => {});
    socket.write("CONNECT internal.example:22 HTTP/1.1\r\nHost: internal.example:22\r\n\r\n");
    await once(socket, "close");
  });

  test("leaves a CONNECT that is not for us to whoever else listens", async () => {
    const server = createServer({ settings }, (_request, response) => response.end());
    server.on("connect", (request, response) => {
      if (request.url === "/chat/") return;
      response.writeHead(200);
      response.end("not yours");
    });
    attachEcho(server);
    const client = await Http2Client.connect(await listen(server, "http"));
    expect(String(await (await client.ask({ ":path": "/other/" })).end())).toBe("not yours");
    expect((await client.open("/chat/")).status).toBe(200);
  });

  test("keeps its hands off a stream that somebody has answered", async () => {
    const server = createServer({ settings });
    server.on("stream", (stream) => {
      stream.respond({ ":status": 418 }, { endStream: true });
    });
    const { scopes } = attachEcho(server);
    const client = await Http2Client.connect(await listen(server, "http"));
    expect((await client.ask({ ":path": "/chat/" })).status).toBe(418);
    expect(scopes).toEqual([]);
  });

  test("drains its own connections; the sessions and the server go on", async () => {
    const server = createServer({ settings }, (_request, response) => response.end("still here"));
    const { attached } = attachEcho(server);
    const client = await Http2Client.connect(await listen(server, "http"));
    const peer = await client.open("/chat/");
    const closed = attached.close();
    const { opcode, payload } = await peer.frame();
    expect([opcode, payload.readUInt16BE()]).toEqual([8, 1012]);
    peer.send(8, payload);
    await closed;
    expect((await client.fetch({})).body).toBe("still here");
    // Nobody listens any more: node:http2 itself refuses.
    expect((await client.ask({ ":path": "/chat/" })).status).toBe(405);
    expect(server.listenerCount("stream") + server.listenerCount("connect")).toBe(1);
  });
});

function attachEcho(server: Http2Server | Http2SecureServer): {
  attached: Attached;
  scopes: Scope[];
} {
  const scopes: Scope[] = [];
  const attached = attach(server, {
    log: silentLogger,
    websocket: router([
      route("/chat/", (scope, socket) => {
        scopes.push(scope);
        return { text: (message) => socket.send(message) };
      }),
    ]),
  });
  return { attached, scopes };
}

/** Lets a server listen until the test is over. Returns its URL. */
async function listen(
  server: Http2Server | Http2SecureServer,
  scheme: "http" | "https",
): Promise<string> {
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session: ServerHttp2Session) => sessions.add(session));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
