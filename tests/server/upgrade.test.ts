import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect as connectTls } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Application, attach, route, router } from "sluice";
import { RawPeer } from "sluice/testing";
import { certificate } from "./certificate.ts";
import { request, status } from "./request.ts";
import { echo, listen, start } from "./start.ts";

const chat: Application = router([route("/chat/", echo)]);

/** Says what it was asked, body and all. */
const parrot: RequestListener = (asked, response) => {
  let body = "";
  asked.on("data", (chunk) => {
    body += String(chunk);
  });
  asked.on("end", () => response.end(`${asked.method} ${asked.url} ${body}`));
};

const plain = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

describe("a plain request", () => {
  it("to the path of a WebSocket is answered with 426, which says what to upgrade to", async () => {
    const { url } = await start({ websocket: chat });
    const response = await fetch(`${url}/chat/`);
    expect(response.status).toBe(426);
    expect(response.headers.get("upgrade")).toBe("websocket");
    expect(await response.text()).toBe("This is the address of a WebSocket.\n");
  });

  it("to any other path is answered with 404", async () => {
    const { url } = await start({ websocket: chat });
    for (const path of ["/", "/chat", "/chat/x", "/%zz"]) {
      expect((await fetch(url + path)).status).toBe(404);
    }
  });

  it("is the user's own to answer, wherever it goes, if there is a listener for http", async () => {
    const { url } = await start({ websocket: chat, http: parrot });
    expect(await (await fetch(`${url}/chat/`)).text()).toBe("GET /chat/ ");
    const posted = await fetch(url, { method: "POST", body: "hello" });
    expect(await posted.text()).toBe("POST / hello");
  });

  it.each([
    ["without Upgrade", { Upgrade: [] }],
    ["without Connection", { Connection: [] }],
    ["with Connection: keep-alive", { Connection: "keep-alive" }],
  ])("is what a handshake is %s", async (_, lines) => {
    const { port } = await start({ websocket: chat });
    expect(await status(port, request(lines, "GET /chat/ HTTP/1.1"))).toBe(426);
    expect(await status(port, request(lines, "GET /else/ HTTP/1.1"))).toBe(404);
  });

  it("keeps the connection for the next one, if the client wants that", async () => {
    const { port } = await start({ websocket: chat });
    const peer = await RawPeer.connect(port);
    await peer.write(plain("/chat/") + plain("/else/"));
    for (const code of [426, 404]) expect((await peer.response()).status).toBe(code);
    await peer.write(request({}, "GET /chat/ HTTP/1.1"));
    expect((await peer.response()).status).toBe(101);
    peer.socket.destroy();
  });

  it.each(["/chat/", "/else/"])(
    "to %s ends the connection, if the client wants that",
    async (path) => {
      const { port } = await start({ websocket: chat });
      for (const bytes of [
        plain(path).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
        plain(path).replace("HTTP/1.1", "HTTP/1.0"),
      ]) {
        const peer = await RawPeer.connect(port);
        await peer.write(bytes);
        expect((await peer.end()).toString()).toMatch(/^HTTP\/1\.1 4\d\d .*close\r\n/s);
      }
    },
  );
});

describe("an upgrade to something else than a WebSocket (RFC 9110 §7.8)", () => {
  const h2c = {
    Upgrade: "h2c",
    Connection: "Upgrade, HTTP2-Settings",
    "HTTP2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA",
  };

  it.each(["h2c", "TLS/1.0", "foo", "websockets", "web socket"])(
    "to %s is answered as the plain request that it is, too",
    async (token) => {
      const { port } = await start({ websocket: chat, http: parrot });
      const peer = await RawPeer.connect(port);
      await peer.write(request({ Upgrade: token }, "GET /x HTTP/1.1"));
      const { status: code, body } = await peer.response();
      expect([code, body]).toEqual([200, "GET /x "]);
      peer.socket.destroy();
    },
  );

  it("gets 426 or 404, where nobody answers plain requests", async () => {
    const { port } = await start({ websocket: chat });
    expect(await status(port, request(h2c, "GET /chat/ HTTP/1.1"))).toBe(426);
    expect(await status(port, request(h2c, "GET /else/ HTTP/1.1"))).toBe(404);
  });

  it("may have a body", async () => {
    const { port } = await start({ websocket: chat, http: parrot });
    const peer = await RawPeer.connect(port);
    await peer.write(`${request({ ...h2c, "Content-Length": "5" }, "POST /x HTTP/1.1")}he`);
    await new Promise(setImmediate);
    await peer.write("llo");
    expect((await peer.response()).body).toBe("POST /x hello");
    peer.socket.destroy();
  });

  it("may have a chunked body, wherever it is cut", async () => {
    const { port } = await start({ websocket: chat, http: parrot });
    const peer = await RawPeer.connect(port);
    const head = request({ ...h2c, "Transfer-Encoding": "chunked" }, "POST /x HTTP/1.1");
    await peer.write(`${head}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`, 1);
    expect((await peer.response()).body).toBe("POST /x hello");
    peer.socket.destroy();
  });

  it("keeps the connection: a second request, another such upgrade and a WebSocket behind it", async () => {
    const { port } = await start({ websocket: chat, http: parrot });
    const peer = await RawPeer.connect(port);
    await peer.write(request(h2c, "GET /1 HTTP/1.1") + plain("/2"));
    expect((await peer.response()).body).toBe("GET /1 ");
    expect((await peer.response()).body).toBe("GET /2 ");
    await peer.write(request(h2c, "GET /3 HTTP/1.1"));
    expect((await peer.response()).body).toBe("GET /3 ");
    await peer.write(`${request({}, "GET /chat/ HTTP/1.1")}\x81\x82\0\0\0\0Hi`);
    expect((await peer.response()).status).toBe(101);
    expect((await peer.frame()).payload.toString()).toBe("Hi");
    peer.socket.destroy();
  });

  it.each(["a server of ours", "a server that we are attached to"])(
    "is answered over TLS too, by %s",
    async (whose) => {
      const tls = createTlsServer(certificate, parrot);
      const ours = whose === "a server of ours";
      if (!ours) attach(tls, { websocket: chat });
      const port = ours
        ? (await start({ websocket: chat, http: parrot, tls: certificate })).port
        : await listen(tls);
      const socket = connectTls({ port, ca: certificate.cert });
      onTestFinished(() => void socket.destroy());
      await once(socket, "secureConnect");
      const last = plain("/2").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
      socket.write(request(h2c, "GET /1 HTTP/1.1") + last);

      let text = "";
      for await (const chunk of socket) text += String(chunk);
      expect(text).toMatch(/GET \/1 .*HTTP\/1\.1 200 OK.*GET \/2 $/s);
    },
  );

  it("that breaks off is no error", async () => {
    const { port, url } = await start({ websocket: chat, http: parrot });
    const peer = await RawPeer.connect(port);
    await peer.write(request({ ...h2c, "Content-Length": "5" }, "POST /x HTTP/1.1"));
    peer.reset();
    expect((await fetch(url)).status).toBe(200);
  });
});

describe("bytes that are no HTTP", () => {
  it("behind a part of an answer end the connection, and add nothing to it", async () => {
    const { port } = await start({
      http: (_asked, response) => void response.write("a part"),
    });
    const peer = await RawPeer.connect(port);
    await peer.write(plain("/"));
    await peer.response();
    await peer.write("\0\x01 garbage\r\n\r\n");
    expect((await peer.end()).toString()).toBe("6\r\na part\r\n");
  });

  it("end the connection, if TLS was expected", async () => {
    const { port, connections } = await start({ tls: certificate });
    const peer = await RawPeer.connect(port);
    await peer.write(request());
    await peer.end();
    expect(connections).toBe(0);
  });
});

describe("a client that was refused", () => {
  it("is hung up on after two seconds, even if it goes on talking", async () => {
    const { port } = await start();
    const peer = await RawPeer.connect(port);
    peer.socket.allowHalfOpen = true;
    await peer.write(request({}, "POST / HTTP/1.1"));
    expect((await peer.response()).status).toBe(405);
    const talking = setInterval(() => peer.socket.write("more"), 100);
    onTestFinished(() => clearInterval(talking));
    const begun = performance.now();
    await new Promise((resolve) => peer.socket.once("close", resolve));
    expect(performance.now() - begun).toBeLessThan(4_000);
  });
});

describe("listeners for upgrades beside ours", () => {
  it("get what has no route here, and only that", async () => {
    const server = createServer();
    const theirs: string[] = [];
    attach(server, { websocket: chat });
    server.on("upgrade", (asked, socket) => {
      if (asked.url === "/chat/") return;
      theirs.push(`${asked.headers.upgrade} ${asked.url}`);
      socket.end("HTTP/1.1 418 I'm a teapot\r\n\r\n");
    });
    const port = await listen(server);
    const ask = (target: string, lines = {}) =>
      status(port, request(lines, `GET ${target} HTTP/1.1`));

    expect(await ask("/chat/")).toBe(101);
    expect(await ask("/theirs/")).toBe(418);
    expect(await ask("/theirs/", { Upgrade: "h2c" })).toBe(418);
    expect(await ask("//", {})).toBe(418);
    expect(await ask("/chat/", { "Sec-WebSocket-Version": "8" })).toBe(426);
    expect(theirs).toEqual(["websocket /theirs/", "h2c /theirs/", "websocket //"]);
  });

  it("are not there: 404", async () => {
    const server = createServer();
    attach(server, { websocket: chat });
    const port = await listen(server);
    expect(await status(port, request({}, "GET /theirs/ HTTP/1.1"))).toBe(404);
  });

  it("that hand us a socket a second time are told so", async () => {
    const server = createServer();
    attach(server, { websocket: chat });
    const port = await listen(server);
    const upgraded = once(server, "upgrade");
    const peer = await RawPeer.open(port, "/chat/");
    const [asked, socket, head] = await upgraded;

    expect(() => server.emit("upgrade", asked, socket, head)).toThrow(
      expect.objectContaining({ code: "ERR_ALREADY_ATTACHED" }),
    );
    await peer.send(1, "still here");
    expect((await peer.frame()).payload.toString()).toBe("still here");
    peer.socket.destroy();
  });
});
