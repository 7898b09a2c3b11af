import { once } from "node:events";
import { inflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Application, Scope } from "sluice";
import { RawPeer } from "sluice/testing";
import { WebSocket } from "ws";
import { certificate } from "./certificate.ts";
import { Gate } from "./gate.ts";
import { Http2Client, type StreamPeer } from "./http2-client.ts";
import { start } from "./start.ts";

/** RFC 9113 §7. */
const noError = 0x0;
const cancel = 0x8;

const places = [
  { where: "over TLS", tls: certificate },
  { where: "in cleartext", tls: undefined },
] as const;

/** An application that remembers whom it met and how it ended. */
function watched(): { scopes: Scope[]; ends: number[]; websocket: Application } {
  const scopes: Scope[] = [];
  const ends: number[] = [];
  const websocket: Application = (scope, socket) => {
    scopes.push(scope);
    return {
      text: (message) => socket.send(message),
      disconnect: (code) => void ends.push(code),
    };
  };
  return { scopes, ends, websocket };
}

describe.each(places)("a WebSocket over HTTP/2 $where (RFC 8441 §5)", ({ tls }) => {
  const options = { http2: true, ...(tls && { tls }) };

  test("echoes, and closes with the closing handshake and END_STREAM", async () => {
    const { scopes, ends, websocket } = watched();
    const server = await start({ ...options, websocket });
    const client = await Http2Client.connect(server.url);
    const peer = await client.open("/chat/?a=1", {
      ":authority": "example.com",
      cookie: ["a=1", "b=2"],
    });
    peer.send(1, "hello");
    expect(await text(peer)).toBe("hello");
    expect(server.connections).toBe(1);

    peer.send(8, Buffer.of(0x03, 0xe8));
    const close = await peer.frame();
    expect([close.opcode, close.payload.readUInt16BE()]).toEqual([8, 1000]);
    expect(await peer.end()).toHaveLength(0);
    peer.stream.end();
    expect(await peer.closed).toBe(noError);
    await expect.poll(() => server.connections).toBe(0);
    expect(ends).toEqual([1000]);

    const [scope] = scopes;
    expect(scope).toMatchObject({
      httpVersion: "2",
      secure: tls !== undefined,
      path: "/chat/",
      client: { address: "127.0.0.1", port: client.session.socket.localPort },
    });
    expect(scope!.query.get("a")).toBe("1");
    expect(scope!.headers).toEqual({
      host: "example.com",
      cookie: "a=1; b=2",
      "sec-websocket-version": "13",
    });
  });

  test("stands beside one over HTTP/1.1 on the same port", async () => {
    const { scopes, websocket } = watched();
    const server = await start({ ...options, websocket });
    const overHttp2 = await (await Http2Client.connect(server.url)).open();
    const overHttp1 = new WebSocket(server.webSocketUrl, { ca: certificate.cert });
    await once(overHttp1, "open");
    overHttp1.send("one");
    expect(String((await once(overHttp1, "message"))[0])).toBe("one");
    overHttp2.send(1, "two");
    expect(await text(overHttp2)).toBe("two");
    expect(scopes.map(({ httpVersion }) => httpVersion)).toEqual(["2", "1.1"]);
    expect(server.connections).toBe(2);
    overHttp1.terminate();
  });

  test("shares its session with ninety-nine others", async () => {
    const { ends, websocket } = watched();
    const server = await start({ ...options, websocket });
    const client = await Http2Client.connect(server.url);
    const peers = await Promise.all(Array.from({ length: 100 }, () => client.open()));
    expect(server.connections).toBe(100);
    for (const [at, peer] of peers.entries()) peer.send(1, `from ${at}`);
    for (const [at, peer] of peers.entries()) expect(await text(peer)).toBe(`from ${at}`);

    client.session.destroy();
    await expect.poll(() => ends.length).toBe(100);
    expect(new Set(ends)).toEqual(new Set([1006]));
    expect(server.connections).toBe(0);
  });

  test("carries messages of a megabyte both ways", async () => {
    const server = await start(options);
    const peer = await (await Http2Client.connect(server.url)).open();
    const message = "0123456789abcdef".repeat(65_536);
    for (let round = 0; round < 3; round++) {
      peer.send(1, message);
      expect(await text(peer)).toBe(message);
    }
  });

  test("compresses what the client lets it", async () => {
    const server = await start({ ...options, compression: true });
    const peer = await (await Http2Client.connect(server.url)).open("/", {
      "sec-websocket-extensions": "permessage-deflate",
    });
    expect(peer.headers["sec-websocket-extensions"]).toContain("permessage-deflate");
    const message = "again and again ".repeat(500);
    peer.send(1, message);
    const { rsv, payload } = await peer.frame();
    expect(rsv).toBe(4);
    expect(payload.length).toBeLessThan(500);
    const end = Buffer.of(0x00, 0x00, 0xff, 0xff);
    expect(String(inflateRawSync(Buffer.concat([payload, end]), { finishFlush: 2 }))).toBe(message);
  });

  test("agrees on a subprotocol, and sends the application's headers", async () => {
    const server = await start({
      ...options,
      websocket: (scope, socket) => ({
        open: () =>
          socket.accept({
            subprotocol: scope.subprotocols[1]!,
            headers: { "Set-Cookie": ["a=1", "b=2"], "X-Name": "x" },
          }),
      }),
    });
    const peer = await (await Http2Client.connect(server.url)).open("/", {
      "sec-websocket-protocol": "first, second",
    });
    expect(peer.headers).toMatchObject({
      "sec-websocket-protocol": "second",
      "set-cookie": ["a=1", "b=2"],
      "x-name": "x",
    });
    expect(peer.headers).not.toHaveProperty("sec-websocket-accept");
  });

  test("keeps what came before it was accepted", async () => {
    const gate = new Gate();
    const server = await start({
      ...options,
      websocket: (_scope, socket) => ({
        open: () => gate.passed,
        text: (message) => socket.send(message),
      }),
    });
    const client = await Http2Client.connect(server.url);
    const asking = client.begin();
    asking.send(1, "early");
    await client.ping();
    gate.open();
    expect(await text(asking)).toBe("early");
  });

  test("ends with 1006, once, when the peer ends its half without a close frame", async () => {
    const { ends, websocket } = watched();
    const server = await start({ ...options, websocket });
    const peer = await (await Http2Client.connect(server.url)).open();
    peer.stream.end();
    expect(await peer.end()).toHaveLength(0);
    expect(await peer.closed).toBe(noError);
    await expect.poll(() => ends).toEqual([1006]);
    expect(server.connections).toBe(0);
  });

  test("ends with 1006, once, when its stream is reset; others on the session notice nothing", async () => {
    const { ends, websocket } = watched();
    const server = await start({ ...options, websocket });
    const client = await Http2Client.connect(server.url);
    const [broken, other] = [await client.open(), await client.open()];
    broken.send(1, "half a");
    await broken.frame();
    broken.reset();
    await expect.poll(() => ends).toEqual([1006]);
    other.send(1, "still here");
    expect(await text(other)).toBe("still here");
    expect(server.connections).toBe(1);
  });

  test("lives on after the client's GOAWAY", async () => {
    const server = await start(options);
    const client = await Http2Client.connect(server.url);
    const peer = await client.open();
    client.session.goaway();
    peer.send(1, "not yet");
    expect(await text(peer)).toBe("not yet");
  });

  test("that failed is ended without an error, whether or not the peer ends its half", async () => {
    const { ends, websocket } = watched();
    const server = await start({ ...options, websocket });
    const peer = await (await Http2Client.connect(server.url)).open();
    peer.send(3);
    const close = await peer.frame();
    expect([close.opcode, close.payload.readUInt16BE()]).toEqual([8, 1002]);
    expect(await peer.end()).toHaveLength(0);
    expect(await peer.closed).toBe(noError);
    expect(ends).toEqual([1002]);
  });

  test("is reset with CANCEL when the peer does not answer a close frame", async () => {
    const server = await start({
      ...options,
      limits: { closeTimeout: 50 },
      websocket: (_scope, socket) => ({ text: () => socket.close(4000) }),
    });
    const peer = await (await Http2Client.connect(server.url)).open();
    peer.send(1, "close");
    expect((await peer.frame()).opcode).toBe(8);
    expect(await peer.closed).toBe(cancel);
  });

  test("holds a talker back whose messages are not read, by its window", async () => {
    const gate = new Gate();
    let heard = 0;
    const server = await start({
      ...options,
      limits: { mailboxSize: 64 * 1024 },
      websocket: () => ({
        bytes: async (message) => {
          heard += message.length;
          await gate.passed;
        },
      }),
    });
    const client = await Http2Client.connect(server.url);
    const peer = await client.open();
    const total = 4 * 1024 * 1024;
    for (let sent = 0; sent < total; sent += 8192) peer.send(2, Buffer.alloc(8192));
    await client.ping();
    await client.ping();
    // What is not sent waits with the client: the server has not opened the window again.
    expect(peer.stream.writableLength).toBeGreaterThan(total - 512 * 1024);
    gate.open();
    await expect.poll(() => heard).toBe(total);
  });

  test("acts on its slow policy when the peer's window stays shut, and on nobody else's", async () => {
    const { promise: tooSlow, resolve } = promised<number>();
    const server = await start({
      ...options,
      websocket: (scope, socket) => ({
        text: (message) => {
          const count = scope.path === "/flood" ? 100 : 1;
          for (let at = 0; at < count; at++) socket.send(message);
        },
        disconnect: (code) => resolve(code),
      }),
    });
    const client = await Http2Client.connect(server.url);
    const [slow, other] = [await client.open("/flood"), await client.open("/")];
    slow.stream.pause();
    slow.send(1, "x".repeat(65_536));
    expect(await tooSlow).toBe(4008);
    other.send(1, "unharmed");
    expect(await text(other)).toBe("unharmed");
  });

  test("is closed with 1012 when the server drains, and the session after it", async () => {
    const { ends, websocket } = watched();
    const server = await start({ ...options, websocket });
    const client = await Http2Client.connect(server.url);
    const peers = [await client.open(), await client.open()];
    const goaway = once(client.session, "goaway");
    const gone = once(client.session, "close");
    const closed = server.close();
    expect((await goaway)[0]).toBe(noError);
    for (const peer of peers) {
      const { opcode, payload } = await peer.frame();
      expect([opcode, payload.readUInt16BE()]).toEqual([8, 1012]);
      peer.send(8, payload);
      peer.stream.end();
    }
    await closed;
    await gone;
    expect(ends).toEqual([1012, 1012]);
  });

  test("is destroyed by a second close", async () => {
    const { ends, websocket } = watched();
    const server = await start({ ...options, websocket });
    const client = await Http2Client.connect(server.url);
    const peer = await client.open();
    const gone = once(client.session, "close");
    void server.close();
    expect((await peer.frame()).opcode).toBe(8);
    await server.close();
    await gone;
    expect(ends).toEqual([1012]);
  });
});

describe("a session (RFC 9113 §3.3, §3.4)", () => {
  test("with nothing open is closed after a while; one with a WebSocket is not", async () => {
    const server = await start({ http2: true, limits: { sessionTimeout: 100 } });
    const idle = await Http2Client.connect(server.url);
    const busy = await Http2Client.connect(server.url);
    const peer = await busy.open();
    await once(idle.session, "close");
    peer.send(1, "here");
    expect(await text(peer)).toBe("here");
  });

  test("may have as many streams as it is told, and no more", async () => {
    const server = await start({ http2: true, limits: { maxStreams: 2 } });
    const client = await Http2Client.connect(server.url);
    expect(client.session.remoteSettings).toMatchObject({
      enableConnectProtocol: true,
      maxConcurrentStreams: 2,
    });
    const [first] = [await client.open(), await client.open()];
    const third = client.begin();
    await client.ping();
    expect(third.status).toBe(0);
    first!.stream.close(cancel);
    await third.answered;
    expect(third.status).toBe(200);
  });

  test("begins with a preface that may come byte by byte", async () => {
    const server = await start({ http2: true });
    const peer = await RawPeer.connect(server.port);
    await peer.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 1);
    await peer.write(Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0));
    // A SETTINGS frame of the server (RFC 9113 §6.5).
    expect((await peer.take(9))[3]).toBe(0x4);
    peer.socket.destroy();
  });

  test.each(["PRI * HTTP/1.1\r\n\r\n", "PUT"])("does not begin with %j", async (bytes) => {
    const server = await start({ http2: true });
    const peer = await RawPeer.connect(server.port);
    await peer.write(bytes);
    peer.finish();
    expect(String(await peer.end())).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("whose client ends before it has said what it speaks is ended, too", async () => {
    const server = await start({ http2: true });
    for (const bytes of ["", "PRI * HT"]) {
      const peer = await RawPeer.connect(server.port);
      await peer.write(bytes);
      peer.finish();
      expect(await peer.end()).toHaveLength(0);
    }
  });

  test("that says nothing does not keep a server from closing", async () => {
    const server = await start({ http2: true });
    const silent = await RawPeer.connect(server.port);
    const half = await RawPeer.connect(server.port);
    await half.write("PRI");
    await server.close();
    expect(await silent.end()).toHaveLength(0);
    expect(await half.end()).toHaveLength(0);
  });

  test("is not spoken where it was not asked for", async () => {
    const server = await start();
    const peer = await RawPeer.connect(server.port);
    await peer.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    expect(String(await peer.end())).toMatch(/^HTTP\/1\.1 400 /);
    await expect(start({ http2: "yes" as unknown as boolean })).rejects.toThrow(
      'http2 is "yes": it has to be true or false',
    );
  });
});

function promised<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

async function text(peer: StreamPeer): Promise<string> {
  return String((await peer.frame()).payload);
}
