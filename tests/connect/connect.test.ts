import { getEventListeners } from "node:events";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Application, type ClientSocket, connect, UsageError } from "sluice";
import { FakeClock } from "sluice/testing";
import { certificate } from "../server/certificate.ts";
import { rawServer, switching } from "./raw-server.ts";
import { connected, start } from "./start.ts";

/** Says what it knows of the request. */
const mirror: Application = (scope, socket) => ({
  open() {
    const { headers, path, query, secure, subprotocols } = scope;
    socket.accept({
      ...(subprotocols.length > 0 && { subprotocol: subprotocols.at(-1)! }),
      headers: { "X-Greeting": "hello", "Set-Cookie": ["a=1", "b=2"] },
    });
    socket.send(JSON.stringify({ headers, path, query: `${query}`, secure, subprotocols }));
  },
});

interface Mirrored {
  readonly headers: Record<string, string>;
  readonly path: string;
  readonly query: string;
  readonly secure: boolean;
  readonly subprotocols: string[];
}

async function mirrored(socket: ClientSocket): Promise<Mirrored> {
  return JSON.parse((await socket.receive()) as string) as Mirrored;
}

describe("a client of our own server", () => {
  it("gets its own text and bytes back, each of its kind", async () => {
    const server = await start();
    const socket = await connected(server.webSocketUrl);
    socket.send("grüße, 世界 👋");
    socket.send(Uint8Array.of(1, 2, 3));
    expect(await socket.receive()).toBe("grüße, 世界 👋");
    expect(await socket.receive()).toEqual(Buffer.of(1, 2, 3));
  });

  it("takes messages with for await, until the connection ends", async () => {
    const server = await start({
      websocket: (_scope, socket) => ({
        open() {
          socket.accept();
          for (const text of ["one", "two", "three"]) socket.send(text);
          socket.close(4000, "that was all");
        },
      }),
    });
    const socket = await connected(server.webSocketUrl);
    const taken: unknown[] = [];
    for await (const message of socket) taken.push(message);
    expect(taken).toEqual(["one", "two", "three"]);
    expect(await socket.closed).toEqual({
      code: 4000,
      reason: "that was all",
      clean: true,
      error: undefined,
    });
  });

  it("keeps the connection when it leaves the loop, and may come back to it", async () => {
    const server = await start();
    const socket = await connected(server.webSocketUrl);
    for (const text of ["one", "two", "three"]) socket.send(text);
    for await (const message of socket) {
      expect(message).toBe("one");
      break;
    }
    expect(await socket.receive()).toBe("two");
    for await (const message of socket) {
      expect(message).toBe("three");
      socket.close(1000);
    }
    expect(await socket.closed).toMatchObject({ code: 1000, clean: true });
  });

  it("closes with a code and a reason, which the server sees", async () => {
    const ends: unknown[] = [];
    const server = await start({
      websocket: () => ({ disconnect: (code, reason) => void ends.push([code, reason]) }),
    });
    const socket = await connect(server.webSocketUrl);
    socket.close(4999, "ünd 世界");
    socket.close(1000, "again");
    expect(await socket.closed).toMatchObject({ code: 4999, reason: "ünd 世界", clean: true });
    expect(ends).toEqual([[4999, "ünd 世界"]]);
  });

  it("is closed with 1000 when it goes out of scope", async () => {
    const server = await start();
    let closed: ClientSocket["closed"];
    {
      await using socket = await connect(server.webSocketUrl);
      ({ closed } = socket);
    }
    expect(await closed).toMatchObject({ code: 1000, clean: true });
    await expect.poll(() => server.connections).toBe(0);
  });

  it("sends what was sent before the close frame, all of it", async () => {
    const got: unknown[] = [];
    let ended!: () => void;
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const server = await start({
      websocket: () => ({ text: (text) => void got.push(text), disconnect: () => ended() }),
    });
    const socket = await connect(server.webSocketUrl);
    const texts = Array.from({ length: 500 }, (_unused, at) => `${at} ${"x".repeat(at)}`);
    for (const text of texts) socket.send(text);
    socket.close(1000);
    await end;
    expect(got).toEqual(texts);
  });
});

describe("a function for messages", () => {
  it("gets each as it comes, and answers before anything behind it is read", async () => {
    const texts: unknown[] = [];
    const said = (opcode: number, payload: string) =>
      Buffer.concat([Buffer.of(0x80 | opcode, payload.length), Buffer.from(payload)]);
    const answers: Buffer[] = [];
    const url = await rawServer(({ socket, key }) => {
      socket.on("data", (chunk: Buffer) => answers.push(chunk));
      const head = Buffer.from(switching(key), "latin1");
      socket.write(Buffer.concat([head, said(1, "one"), said(2, "two"), said(3, "wrong")]));
    });
    const socket = await connect(url, {
      onMessage(message, self) {
        texts.push(message);
        self.send("thanks");
      },
    });
    expect(await socket.closed).toMatchObject({ code: 1002 });
    expect(texts).toEqual(["one", Buffer.from("two")]);
    expect(await socket.receive()).toBeUndefined();
    // Two answers of 6 bytes, masked, and the close frame behind them.
    await expect.poll(() => Buffer.concat(answers).length).toBeGreaterThan(2 * 12 + 6);
    expect(Buffer.concat(answers)[2 * 12]).toBe(0x88);
  });

  it("ends the connection with 1011 when it throws, and the error is not lost", async () => {
    const ends: unknown[] = [];
    const error = new Error("a bug");
    const server = await start({
      websocket: (_scope, socket) => ({
        open() {
          socket.accept();
          socket.send("one");
          socket.send("two");
        },
        disconnect: (code) => void ends.push(code),
      }),
    });
    let calls = 0;
    const socket = await connect(server.webSocketUrl, {
      onMessage() {
        calls++;
        throw error;
      },
    });
    expect(await socket.closed).toEqual({ code: 1011, reason: "", clean: false, error });
    expect(calls).toBe(1);
    await expect.poll(() => ends).toEqual([1011]);
  });
});

describe("the request of a client (RFC 6455 §4.1)", () => {
  it("names host, path and query, headers and subprotocols", async () => {
    const server = await start({ websocket: mirror, origins: "insecure-any" });
    const socket = await connected(`${server.webSocketUrl}/a%20b/ü?c=d&e`, {
      headers: { Origin: "https://example.com", Cookie: "a=b", "X-Many": ["1", "2"] },
      subprotocols: ["chat.v1", "chat.v2"],
    });
    const { headers, ...rest } = await mirrored(socket);
    expect(rest).toEqual({
      path: "/a b/ü",
      query: "c=d&e=",
      secure: false,
      subprotocols: ["chat.v1", "chat.v2"],
    });
    expect(headers).toMatchObject({
      host: new URL(server.url).host,
      origin: "https://example.com",
      cookie: "a=b",
      "x-many": "1, 2",
    });
    expect(headers).not.toHaveProperty("sec-websocket-extensions");
    expect(socket.subprotocol).toBe("chat.v2");
    expect(socket.headers).toMatchObject({ "x-greeting": "hello", "set-cookie": "a=1, b=2" });
    expect(Object.getPrototypeOf(Object.getPrototypeOf(socket.headers))).toBeNull();
    expect(socket.url).toBe(`${server.webSocketUrl}/a%20b/%C3%BC?c=d&e`);
  });

  it("may name another host", async () => {
    const server = await start({ websocket: mirror });
    const socket = await connected(server.webSocketUrl, { headers: { host: "chat.example" } });
    expect((await mirrored(socket)).headers["host"]).toBe("chat.example");
  });

  it("may be given by an http: URL, or by a URL object", async () => {
    const server = await start();
    const socket = await connected(new URL(server.url));
    expect(socket.url).toBe(`${server.webSocketUrl}/`);
  });

  it("takes credentials out of the URL, into a header of their own (RFC 7617)", async () => {
    const server = await start({ websocket: mirror });
    const url = new URL(server.webSocketUrl);
    url.username = "ann";
    url.password = "ü:/";
    const socket = await connected(url);
    expect((await mirrored(socket)).headers["authorization"]).toBe(
      `Basic ${Buffer.from("ann:ü:/").toString("base64")}`,
    );
    expect(socket.url).toBe(`${server.webSocketUrl}/`);
    expect(url.username).toBe("ann");
    const other = await connected(url, { headers: { authorization: "Bearer of news" } });
    expect((await mirrored(other)).headers["authorization"]).toBe("Bearer of news");
  });

  it("goes where an agent leads: to a Unix socket, for example", async () => {
    const path = join(tmpdir(), `sluice-${process.pid}.sock`);
    await start({ websocket: mirror, listen: { path } });
    const agent = new Agent({ socketPath: path } as object);
    const socket = await connected("ws://chat.example/x", { agent });
    expect(await mirrored(socket)).toMatchObject({ path: "/x", headers: { host: "chat.example" } });
  });

  it("goes to an address of IPv6", async () => {
    const server = await start({ websocket: mirror, host: "::1" });
    const socket = await connected(server.webSocketUrl);
    expect((await mirrored(socket)).headers["host"]).toBe(`[::1]:${server.port}`);
  });
});

describe("a client over TLS", () => {
  it("trusts whom it is told to trust", async () => {
    const server = await start({ websocket: mirror, tls: certificate });
    const socket = await connected(server.webSocketUrl, { tls: { ca: certificate.cert } });
    expect(socket.url).toMatch(/^wss:/);
    expect((await mirrored(socket)).secure).toBe(true);
  });

  it("refuses a certificate that nobody vouches for", async () => {
    const server = await start({ tls: certificate });
    await expect(connect(server.webSocketUrl)).rejects.toMatchObject({
      code: "ERR_CONNECT",
      cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    });
  });

  it("refuses a certificate for somebody else", async () => {
    const server = await start({ tls: certificate });
    const tls = { ca: certificate.cert, servername: "chat.example" };
    await expect(connect(server.webSocketUrl, { tls })).rejects.toMatchObject({
      code: "ERR_CONNECT",
      cause: { code: "ERR_TLS_CERT_ALTNAME_INVALID" },
    });
  });

  it("fails where the server speaks no TLS", async () => {
    const server = await start();
    await expect(connect(server.webSocketUrl.replace("ws:", "wss:"))).rejects.toMatchObject({
      code: "ERR_CONNECT",
      cause: expect.any(Error) as Error,
    });
  });
});

describe("a signal", () => {
  it("that has aborted asks for nothing", async () => {
    let asked = 0;
    const url = await rawServer(() => void asked++);
    const reason = new Error("not now");
    await expect(connect(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(asked).toBe(0);
  });

  it("ends the attempt with its reason, and lets go of everything", async () => {
    const clock = new FakeClock();
    const { signal, abort } = controller();
    const url = await rawServer(({ socket }) => {
      socket.on("end", () => socket.end());
      abort("changed my mind");
    });
    await expect(connect(url, { signal, clock })).rejects.toBe("changed my mind");
    expect(clock.timers).toBe(0);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("ends the attempt while a refusal's body is still coming", async () => {
    const { signal, abort } = controller();
    const url = await rawServer(({ socket }) => {
      socket.write("HTTP/1.1 500 No\r\n\r\n", () => abort("enough"));
    });
    await expect(connect(url, { signal })).rejects.toBe("enough");
  });

  it("closes an open connection with 1001", async () => {
    const { signal, abort } = controller();
    const server = await start();
    const socket = await connect(server.webSocketUrl, { signal });
    abort("going");
    expect(await socket.closed).toMatchObject({ code: 1001, clean: true });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("is left alone when the connection has ended", async () => {
    const { signal } = controller();
    const server = await start();
    const socket = await connect(server.webSocketUrl, { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    socket.close();
    await socket.closed;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  function controller() {
    const made = new AbortController();
    return { signal: made.signal, abort: (reason: unknown) => made.abort(reason) };
  }
});

describe("time", () => {
  it("is not waited for when no connection is open: nothing keeps the process alive", async () => {
    const clock = new FakeClock();
    const server = await start();
    const socket = await connect(server.webSocketUrl, { clock });
    expect(clock.timers).toBe(1);
    socket.close();
    await socket.closed;
    await expect.poll(() => clock.timers).toBe(0);
    await expect(connect(`${server.webSocketUrl}/`, { clock, tls: {} })).rejects.toThrow();
    expect(clock.timers).toBe(0);
  });

  it("of silence is broken by a ping, which a server answers", async () => {
    const clock = new FakeClock();
    const answer = Buffer.concat([Buffer.of(0x8a, 0), Buffer.of(0x81, 0)]);
    const url = await rawServer(({ socket, key }) => {
      socket.write(switching(key));
      socket.on("data", () => socket.write(answer));
    });
    const limits = { pingInterval: 1_000, pingTimeout: 1_000 };
    const socket = await connected(url, { clock, limits });
    for (let round = 0; round < 5; round++) {
      clock.advance(1_050);
      expect(await socket.receive()).toBe("");
    }
  });
});

describe("a mistake of the caller", () => {
  const url = "ws://127.0.0.1:1/";
  it.each<[what: string, code: string, url: string | URL, options: object]>([
    ["a URL that is none", "ERR_URL", "127.0.0.1", {}],
    ["a URL of another scheme", "ERR_URL", "ftp://127.0.0.1/", {}],
    ["a fragment", "ERR_URL", `${url}#top`, {}],
    ["an empty fragment", "ERR_URL", `${url}#`, {}],
    ["credentials that are no UTF-8", "ERR_URL", "ws://%ff@127.0.0.1:1/", {}],
    ["an unknown option", "ERR_INVALID_OPTION", url, { header: {} }],
    ["no object of options", "ERR_INVALID_OPTION", url, null as unknown as object],
    ["an unknown limit", "ERR_INVALID_OPTION", url, { limits: { connectTimeout: 1 } }],
    ["a limit of 0", "ERR_INVALID_OPTION", url, { limits: { handshakeTimeout: 0 } }],
    ["subprotocols twice", "ERR_INVALID_OPTION", url, { subprotocols: ["a", "a"] }],
    ["a subprotocol that is no token", "ERR_INVALID_OPTION", url, { subprotocols: ["a b"] }],
    ["a header that breaks its line", "ERR_HEADER", url, { headers: { A: "b\r\nC: d" } }],
    ["a header that is the handshake's", "ERR_HEADER", url, { headers: { Upgrade: "h2c" } }],
    ["a header's name that is none", "ERR_HEADER", url, { headers: { "A:": "b" } }],
    ["options of TLS without TLS", "ERR_INVALID_OPTION", url, { tls: {} }],
    ["a key that is none", "ERR_INVALID_OPTION", "wss://127.0.0.1:1/", { tls: { key: "no" } }],
    [
      "an agent of another scheme",
      "ERR_INVALID_OPTION",
      "wss://127.0.0.1:1/",
      { agent: new Agent() },
    ],
  ])("is told of: %s", async (_what, code, to, options) => {
    const error: unknown = await connect(to, options).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code });
  });

  it("throws at the call, and the connection stays", async () => {
    const server = await start();
    const socket = await connected(server.webSocketUrl);
    expect(() => socket.send(5 as unknown as string)).toThrow(
      "send takes a string or a Uint8Array, not a number",
    );
    expect(() => socket.close(1005)).toThrow(expect.objectContaining({ code: "ERR_CLOSE_CODE" }));
    expect(() => socket.close(1000, "x".repeat(124))).toThrow(
      expect.objectContaining({ code: "ERR_CLOSE_REASON" }),
    );
    socket.send("still here");
    expect(await socket.receive()).toBe("still here");
  });
});
