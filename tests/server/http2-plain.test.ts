import { once } from "node:events";
import type { IncomingMessage, RequestListener } from "node:http";
import express from "express";
import { describe, expect, test } from "vitest";
import { route, router } from "sluice";
import { certificate } from "./certificate.ts";
import { Gate } from "./gate.ts";
import { Http2Client } from "./http2-client.ts";
import { echo, start } from "./start.ts";

const noError = 0x0;
const internalError = 0x2;
const cancel = 0x8;

/** Says what it was asked. */
const mirror: RequestListener = (request, response) => {
  const { method, url, httpVersion, headers, socket } = request;
  const { remoteAddress } = socket;
  let body = "";
  request.on("data", (chunk) => (body += String(chunk)));
  request.on("end", () => {
    response.end(JSON.stringify({ method, url, httpVersion, headers, remoteAddress, body }));
  });
};

describe.each([
  { where: "over TLS", tls: certificate },
  { where: "in cleartext", tls: undefined },
])("a plain request over HTTP/2 $where", ({ tls }) => {
  const options = { http2: true, ...(tls && { tls }) };

  test("is put to `http` as a request of HTTP/1.1, as a proxy would put it (RFC 9113 §8.3.1)", async () => {
    const server = await start({ ...options, http: mirror });
    const client = await Http2Client.connect(server.url);
    const { status, body } = await client.fetch({
      ":path": "/a?b=%20",
      ":authority": "example.com:81",
      cookie: ["a=1", "b=2"],
      te: "trailers",
      "x-twice": ["1", "2"],
    });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      method: "GET",
      url: "/a?b=%20",
      httpVersion: "1.1",
      headers: {
        host: "example.com:81",
        connection: "close",
        cookie: "a=1; b=2",
        "x-twice": "1, 2",
      },
      remoteAddress: "127.0.0.1",
      body: "",
    });
  });

  test.each(["POST", "GET"])("is put with its body, framed anew: %s", async (method) => {
    const server = await start({ ...options, http: mirror });
    const client = await Http2Client.connect(server.url);
    const smuggled = "GET /second HTTP/1.1\r\nHost: a\r\n\r\n";
    const { body } = await client.fetch({ ":method": method, ":path": "/first" }, smuggled);
    expect(JSON.parse(body)).toMatchObject({
      url: "/first",
      headers: { "transfer-encoding": "chunked" },
      body: smuggled,
    });
    const long = "x".repeat(300_000);
    const known = await client.fetch(
      { ":method": "POST", "content-length": String(long.length) },
      long,
    );
    expect(JSON.parse(known.body)).toMatchObject({ body: long });
  });

  test("is answered by Express 5", async () => {
    const app = express();
    app.use(express.json());
    app.get("/hello/:name", (request, response) => {
      response.cookie("a", "1").cookie("b", "2");
      response.json({ name: request.params.name, secure: request.secure, ip: request.ip });
    });
    app.post("/sum", (request, response) => void response.send(String(request.body.a + 1)));
    const server = await start({ ...options, http: app });
    const client = await Http2Client.connect(server.url);
    const hello = await client.fetch({ ":path": "/hello/ann" });
    expect(JSON.parse(hello.body)).toEqual({
      name: "ann",
      secure: tls !== undefined,
      ip: "127.0.0.1",
    });
    expect(hello.headers["set-cookie"]).toEqual(["a=1; Path=/", "b=2; Path=/"]);
    const json = { ":method": "POST", ":path": "/sum", "content-type": "application/json" };
    expect((await client.fetch(json, '{"a":41}')).body).toBe("42");
    expect((await client.fetch({ ":path": "/nowhere" })).status).toBe(404);
  });
});

describe("the answer to a plain request over HTTP/2", () => {
  test("goes without headers of a connection, and without a body where there is none", async () => {
    const server = await start({
      http2: true,
      http: (request, response) => {
        response.setHeader("Keep-Alive", "timeout=5").setHeader("X-Name", "x");
        if (request.url === "/304") response.writeHead(304);
        response.end("hello");
      },
    });
    const client = await Http2Client.connect(server.url);
    const got = await client.fetch({});
    expect(got.headers).toMatchObject({ ":status": 200, "content-length": "5", "x-name": "x" });
    for (const name of ["connection", "keep-alive", "transfer-encoding"]) {
      expect(got.headers).not.toHaveProperty(name);
    }
    expect(await client.fetch({ ":method": "HEAD" })).toMatchObject({ status: 200, body: "" });
    expect(await client.fetch({ ":path": "/304" })).toMatchObject({ status: 304, body: "" });
  });

  test("comes piece by piece, as it is written", async () => {
    const gate = new Gate();
    const server = await start({
      http2: true,
      http: (_request, response) => {
        response.writeHead(200, { "Content-Type": "text/event-stream" });
        response.write("data: 1\n\n");
        void gate.passed.then(() => response.end("data: 2\n\n"));
      },
    });
    const client = await Http2Client.connect(server.url);
    const peer = client.get("/");
    expect(String(await peer.take(9))).toBe("data: 1\n\n");
    gate.open();
    expect(String(await peer.end())).toBe("data: 2\n\n");
  });

  test("may come before the request is complete (RFC 9113 §8.1)", async () => {
    const server = await start({
      http2: true,
      http: (_request, response) => void response.writeHead(413).end("too much"),
    });
    const client = await Http2Client.connect(server.url);
    const peer = client.get("/", { ":method": "POST" }, false);
    peer.stream.write(Buffer.alloc(1024));
    expect(String(await peer.end())).toBe("too much");
    expect(peer.status).toBe(413);
    expect(await peer.closed).toBe(noError);
  });

  test("is an error of the stream if the listener breaks it off", async () => {
    const server = await start({
      http2: true,
      http: (request, response) => {
        if (request.url === "/now") return void request.socket.destroy();
        response.write("half", () => request.socket.destroy());
      },
    });
    const client = await Http2Client.connect(server.url);
    expect(await client.get("/now").closed).toBe(internalError);
    const half = client.get("/half");
    expect(await half.closed).toBe(internalError);
    expect(half.status).toBe(200);
  });

  test("is 404 or 426 where there is no `http`", async () => {
    const server = await start({ http2: true, websocket: router([route("/chat/", echo)]) });
    const client = await Http2Client.connect(server.url);
    expect((await client.fetch({ ":path": "/" })).status).toBe(404);
    const chat = await client.fetch({ ":path": "/chat/" });
    expect([chat.status, chat.body]).toEqual([426, "This is the address of a WebSocket.\n"]);
  });

  test("is finished before a server has closed", async () => {
    const gate = new Gate();
    const server = await start({
      http2: true,
      http: (_request, response) => {
        response.write("a");
        void gate.passed.then(() => response.end("b".repeat(1_000_000)));
      },
    });
    const client = await Http2Client.connect(server.url);
    const peer = client.get("/");
    await peer.take(1);
    const closed = server.close();
    gate.open();
    expect(await peer.end()).toHaveLength(1_000_000);
    await closed;
  });
});

describe("a plain request over HTTP/2 whose client leaves", () => {
  test("is aborted for the listener", async () => {
    const requests: IncomingMessage[] = [];
    const server = await start({ http2: true, http: (request) => void requests.push(request) });
    const client = await Http2Client.connect(server.url);
    const peer = client.get("/", { ":method": "POST" }, false);
    await expect.poll(() => requests.length).toBe(1);
    const [request] = requests;
    const failed = once(request!, "error");
    peer.reset();
    expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });
    expect(request!.complete).toBe(false);
  });

  test("does not end the process, wherever it leaves", async () => {
    const server = await start({
      http2: true,
      http: (request, response) => void request.pipe(response),
    });
    for (let at = 0; at < 20; at++) {
      const client = await Http2Client.connect(server.url);
      const peer = client.get("/", { ":method": "POST" }, false);
      if (at % 4 > 0) peer.stream.write(Buffer.alloc(100_000));
      if (at % 4 > 1) await client.ping();
      if (at % 2 === 0) client.session.destroy();
      else peer.stream.close(cancel);
    }
    const client = await Http2Client.connect(server.url);
    expect((await client.fetch({})).status).toBe(200);
  });
});
