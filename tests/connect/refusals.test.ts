import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { ConnectError, connect, HandshakeError } from "sluice";
import { acceptKey, newKey } from "sluice/protocol";
import { FakeClock } from "sluice/testing";
import { type Asked, listen, rawServer, switching } from "./raw-server.ts";
import { start } from "./start.ts";

/** What `connect` rejects with. */
async function failure(url: string, options = {}): Promise<ConnectError | HandshakeError> {
  const error: unknown = await connect(url, options).then(
    () => new Error("it connected"),
    (reason: unknown) => reason,
  );
  if (error instanceof ConnectError || error instanceof HandshakeError) return error;
  throw error;
}

describe("a server that does not switch protocols (RFC 6455 §4.1)", () => {
  it("is named by its status, its headers and the beginning of its body", async () => {
    const server = await start({
      websocket: (_scope, socket) => ({
        open: () => socket.reject(401, { headers: { "X-Why": "no token" }, body: "log in, grüße" }),
      }),
    });
    const error = await failure(server.webSocketUrl);
    expect(error).toBeInstanceOf(HandshakeError);
    expect(error).toMatchObject({
      code: "ERR_HANDSHAKE_STATUS",
      status: 401,
      message: "the server answered 401 Unauthorized: log in, grüße",
      headers: { "x-why": "no token" },
      body: "log in, grüße",
    });
  });

  it("is not followed elsewhere, but the error says where to", async () => {
    const url = await rawServer(({ socket }) =>
      socket.end("HTTP/1.1 302 Found\r\nLocation: ws://evil.example/\r\nContent-Length: 0\r\n\r\n"),
    );
    const error = await failure(url);
    expect(error).toMatchObject({ status: 302, headers: { location: "ws://evil.example/" } });
    expect(error.message).toBe('the server answered 302 Found and points to "ws://evil.example/"');
  });

  it.each([
    ["nothing but its status", "", "text/plain", "the server answered 403 Forbidden"],
    ["one line", "no\r\nmore\r\n", "text/plain", "the server answered 403 Forbidden: no"],
    ["no escapes", "\u001b[2Jno\u0007", "text/plain", "the server answered 403 Forbidden: [2Jno"],
    ["no page", "<p>no", "text/html", "the server answered 403 Forbidden"],
    [
      "300 characters",
      "n".repeat(301),
      "text/plain; charset=utf-8",
      `the server answered 403 Forbidden: ${"n".repeat(300)}…`,
    ],
  ])("has its reason told: %s", async (_what, body, type, message) => {
    const url = await rawServer(({ socket }) =>
      socket.end(`HTTP/1.1 403 Nope\r\nContent-Type: ${type}\r\n\r\n${body}`),
    );
    expect(await failure(url)).toMatchObject({ status: 403, message, body });
  });

  it("has 4 KiB of its endless body read, and no more", async () => {
    const url = await rawServer(({ socket }) => {
      socket.write("HTTP/1.1 500 Oops\r\n\r\n");
      const chunk = Buffer.alloc(64 * 1024, "x");
      const more = () => void socket.write(chunk);
      socket.on("drain", more);
      more();
    });
    const error = await failure(url);
    expect(error).toMatchObject({ status: 500, body: "x".repeat(4096) });
  });

  it("is refused with what came, when its body is cut off", async () => {
    const url = await rawServer(({ socket }) =>
      socket.end("HTTP/1.1 503 No\r\nContent-Length: 50\r\n\r\nback soon"),
    );
    expect(await failure(url)).toMatchObject({ status: 503, body: "back soon" });
  });

  it("is refused with what came by the deadline, when its body trickles", async () => {
    const clock = new FakeClock();
    const url = await rawServer(({ socket }) => {
      socket.write("HTTP/1.1 503 No\r\nContent-Length: 50\r\n\r\nback");
    });
    const passTime = () => void setImmediate(() => clock.advance(10_050));
    subscribe("http.client.response.finish", passTime);
    onTestFinished(() => void unsubscribe("http.client.response.finish", passTime));
    expect(await failure(url, { clock })).toMatchObject({
      code: "ERR_HANDSHAKE_STATUS",
      status: 503,
      body: "back",
    });
  });

  it.each([
    ["200, whatever else it says", "HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: Upgrade"],
    ["426", "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade"],
  ])("may answer %s", async (_what, head) => {
    const url = await rawServer(({ socket, key }) =>
      socket.end(`${head}\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\nContent-Length: 0\r\n\r\n`),
    );
    expect(await failure(url)).toMatchObject({ code: "ERR_HANDSHAKE_STATUS" });
  });
});

describe("a 101 that is none (RFC 6455 §4.1)", () => {
  const wrong: [what: string, code: string, headers: (key: string) => Record<string, string>][] = [
    ["no Upgrade", "ERR_HANDSHAKE_UPGRADE", () => ({ Upgrade: "" })],
    ["another Upgrade", "ERR_HANDSHAKE_UPGRADE", () => ({ Upgrade: "h2c" })],
    ["two Upgrades", "ERR_HANDSHAKE_UPGRADE", () => ({ Upgrade: "websocket, h2c" })],
    ["no Connection", "ERR_HANDSHAKE_UPGRADE", () => ({ Connection: "" })],
    ["no headers", "ERR_HANDSHAKE_UPGRADE", () => ({ Upgrade: "", Connection: "" })],
    ["no accept", "ERR_HANDSHAKE_ACCEPT", () => ({ "Sec-WebSocket-Accept": "" })],
    [
      "an accept for another key",
      "ERR_HANDSHAKE_ACCEPT",
      () => ({ "Sec-WebSocket-Accept": acceptKey(newKey()) }),
    ],
    ["the key itself", "ERR_HANDSHAKE_ACCEPT", (key) => ({ "Sec-WebSocket-Accept": key })],
    ["two accepts", "ERR_HANDSHAKE_ACCEPT", (key) => ({ "SEC-WEBSOCKET-ACCEPT": acceptKey(key) })],
    [
      "an extension that nobody offered",
      "ERR_HANDSHAKE_EXTENSION",
      () => ({ "Sec-WebSocket-Extensions": "x-snoop" }),
    ],
    [
      "a malformed extension",
      "ERR_HANDSHAKE_EXTENSION",
      () => ({ "Sec-WebSocket-Extensions": ";;" }),
    ],
    [
      "a subprotocol that nobody offered",
      "ERR_HANDSHAKE_SUBPROTOCOL",
      () => ({ "Sec-WebSocket-Protocol": "chat.v3" }),
    ],
    [
      "two subprotocols",
      "ERR_HANDSHAKE_SUBPROTOCOL",
      () => ({ "Sec-WebSocket-Protocol": "chat.v1, chat.v2" }),
    ],
    [
      "101 headers too many",
      "ERR_HANDSHAKE_HEADERS",
      () => Object.fromEntries(Array.from({ length: 101 }, (_unused, at) => [`X-${at}`, "1"])),
    ],
  ];

  it.each(wrong)("with %s fails, and the socket is destroyed", async (_what, code, headers) => {
    let closed: Promise<unknown> | undefined;
    const url = await rawServer(({ socket, key }) => {
      closed = once(socket.resume(), "close");
      socket.on("end", () => socket.end());
      socket.write(switching(key, headers(key)));
    });
    const error = await failure(url, { subprotocols: ["chat.v1", "chat.v2"] });
    expect(error).toBeInstanceOf(HandshakeError);
    expect(error).toMatchObject({ code, status: 101 });
    await closed;
  });

  it.each([
    ["a header that grows for ever", `X: ${"x".repeat(20_000)}`],
    ["headers without end", "x: y\r\n".repeat(10_000)],
    ["a folded header", "X: a\r\n b"],
    ["a header with a bare CR", "X: a\rb"],
    ["a header without a name", ": a"],
  ])("with %s fails", async (_what, line) => {
    const url = await rawServer(({ socket, key }) => {
      socket.write(switching(key).replace("\r\n\r\n", `\r\n${line}\r\n\r\n`));
    });
    const error = await failure(url);
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ code: "ERR_CONNECT", cause: { code: /^HPE_/ } });
  });

  it("with a body has that read as frames, which it is not", async () => {
    const url = await rawServer(({ socket, key }) => {
      socket.write(`${switching(key, { "Content-Length": "5" })}hello`);
    });
    const socket = await connect(url);
    expect(await socket.closed).toMatchObject({ code: 1002, clean: false });
  });
});

describe("a server that does not answer", () => {
  it.each<[string, (socket: Socket) => void]>([
    ["does not say a word", () => {}],
    ["does not finish its status line", (socket) => socket.write("HTTP/1.1 10")],
    ["does not finish its head", (socket) => socket.write("HTTP/1.1 101 Yes\r\nUpgrade: web")],
    ["says nothing but to wait", (socket) => socket.write("HTTP/1.1 103 Soon\r\n\r\n")],
  ])("is given up after handshakeTimeout, when it %s", async (_what, answer) => {
    const clock = new FakeClock();
    const url = await rawServer(({ socket }) => {
      answer(socket);
      setImmediate(() => {
        clock.advance(4_000);
        expect(clock.timers).toBe(1);
        clock.advance(1_050);
      });
    });
    const error = await failure(url, { clock, limits: { handshakeTimeout: 5_000 } });
    expect(error).toBeInstanceOf(ConnectError);
    expect(error.code).toBe("ERR_CONNECT_TIMEOUT");
    expect(error.message).toMatch(/^127\.0\.0\.1 did not .* within 5000 ms$/);
    expect(clock.timers).toBe(0);
  });

  it("may take its time with each byte of a good answer", async () => {
    const url = await rawServer(({ socket, key }) => {
      const bytes = Buffer.from(switching(key), "latin1");
      const next = (at: number): void => {
        if (at < bytes.length) socket.write(bytes.subarray(at, at + 1), () => next(at + 1));
      };
      next(0);
    });
    const socket = await connect(url);
    expect(socket.subprotocol).toBeUndefined();
    socket.close();
  });

  it("may announce its answer with 103 first", async () => {
    const url = await rawServer(({ socket, key }) => {
      socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n${switching(key)}`);
    });
    const socket = await connect(url);
    socket.close();
  });

  it.each<[string, (asked: Asked) => void]>([
    ["resets", ({ socket }) => socket.resetAndDestroy()],
    ["hangs up", ({ socket }) => socket.end()],
    ["hangs up in its head", ({ socket }) => socket.end("HTTP/1.1 101 Yes\r\nUpg")],
    ["is no server of HTTP", ({ socket }) => socket.end("220 mail.example ESMTP\r\n")],
  ])("fails with the cause, when it %s", async (_what, answer) => {
    const error = await failure(await rawServer(answer));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error.code).toBe("ERR_CONNECT");
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("fails with the cause, when it resets before it was asked", async () => {
    const error = await failure(await listen((socket) => socket.resetAndDestroy()));
    expect(error).toMatchObject({ code: "ERR_CONNECT", cause: { code: "ECONNRESET" } });
  });

  it("fails with the cause, when nobody listens, at any of its addresses", async () => {
    const server = await start();
    const gone = server.port;
    await server.close();
    expect(await failure(`ws://127.0.0.1:${gone}/`)).toMatchObject({
      code: "ERR_CONNECT",
      message: `cannot connect to 127.0.0.1: connect ECONNREFUSED 127.0.0.1:${gone}`,
      cause: { code: "ECONNREFUSED" },
    });
    expect((await failure(`ws://localhost:${gone}/`)).message).toMatch(/ECONNREFUSED/);
  });
});
