import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { memoryLayer, type Scope, serve, WebSocketConsumer } from "sluice";
import { RawPeer } from "sluice/testing";
import { certificate } from "./certificate.ts";
import { request, status } from "./request.ts";
import { echo, start } from "./start.ts";

/** The first words of the answer to a handshake over a socket of any kind. */
async function answerOver(socket: Socket): Promise<string> {
  socket.write(request());
  const [chunk] = await once(socket, "data");
  socket.destroy();
  return String(chunk).split("\r\n")[0]!;
}

describe("a server", () => {
  it("says where it listens, and how many connections it has", async () => {
    const server = await start();
    expect(server.port).toBeGreaterThan(0);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    expect(server.webSocketUrl).toBe(`ws://127.0.0.1:${server.port}`);
    expect(server.connections).toBe(0);

    const peers = [await RawPeer.open(server.port), await RawPeer.open(server.port)];
    expect(server.connections).toBe(2);
    for (const peer of peers) peer.reset();
    await vi.waitFor(() => expect(server.connections).toBe(0));
  });

  it("does not count what was refused, or is not answered yet", async () => {
    const server = await start({ websocket: () => new Promise(() => {}) });
    const [waiting, refused] = [
      await RawPeer.connect(server.port),
      await RawPeer.connect(server.port),
    ];
    await waiting.write(request());
    await refused.write(request({ "Sec-WebSocket-Version": "8" }));
    await refused.response();
    expect(server.connections).toBe(0);
    for (const peer of [waiting, refused]) peer.socket.destroy();
  });

  it("speaks TLS", async () => {
    const scopes: Scope[] = [];
    const websocket = (scope: Scope) => {
      scopes.push(scope);
      return {};
    };
    const server = await start({ websocket, tls: certificate });
    expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
    expect(server.webSocketUrl).toBe(`wss://127.0.0.1:${server.port}`);
    const socket = connectTls({ port: server.port, ca: certificate.cert });
    expect(await answerOver(socket)).toBe("HTTP/1.1 101 Switching Protocols");
    expect(scopes).toMatchObject([{ secure: true, httpVersion: "1.1" }]);
  });

  it("listens at an address of IPv6", async () => {
    const server = await start({ host: "::1" });
    expect(server.url).toBe(`http://[::1]:${server.port}`);
    expect(server.webSocketUrl).toBe(`ws://[::1]:${server.port}`);
    const answer = await answerOver(connectTcp(server.port, "::1"));
    expect(answer).toBe("HTTP/1.1 101 Switching Protocols");
  });

  it.each(["0.0.0.0", "::"])("that listens everywhere (%s) says where to find it", async (host) => {
    const server = await start({ host });
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    expect(await status(server.port, request())).toBe(101);
  });

  it("listens at a Unix socket, and at no port then", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "socket");
    const server = await start({ listen: { path }, port: 8000 });
    expect(server.port).toBe(0);
    expect(server.url).toContain(path);
    expect(await answerOver(connectTcp(path))).toBe("HTTP/1.1 101 Switching Protocols");
  });

  it("hands a port, a host and a backlog on to node:net", async () => {
    const server = await start({ listen: { backlog: 5, host: "127.0.0.1" } });
    expect(await status(server.port, request())).toBe(101);
  });

  it("is disposed of like any other resource", async () => {
    let port: number;
    {
      await using server = await serve({ websocket: echo, port: 0 });
      ({ port } = server);
      expect(await status(port, request())).toBe(101);
    }
    await expect(RawPeer.connect(port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it.each([65_536, -1, 80.5, Number.NaN])("cannot listen at port %d, and says so", async (port) => {
    await expect(serve({ websocket: echo, port })).rejects.toMatchObject({
      code: "ERR_INVALID_OPTION",
      message: `the option port of serve is ${port}; it must be a whole number from 0 to 65535`,
    });
  });

  it.each([
    ["taken", "127.0.0.1", "something else listens there already"],
    ["free", "192.0.2.1", "EADDRNOTAVAIL"],
  ])("that cannot listen says why: a port that is %s at %s", async (which, host, why) => {
    const { port: taken } = await start();
    const port = { taken, free: 0 }[which]!;
    await expect(serve({ websocket: echo, host, port })).rejects.toMatchObject({
      code: "ERR_LISTEN",
      message: expect.stringContaining(`cannot listen at ${host}:${port}: `) as string,
      cause: { message: expect.any(String) as string },
    });
    await expect(serve({ websocket: echo, host, port })).rejects.toThrow(why);
  });
});

describe("the layer of a server", () => {
  class Caller extends WebSocketConsumer {
    override async connect() {
      await this.join("callers");
    }
    override receive(text: string) {
      return this.layer.groupSend("callers", { type: "call.made", text });
    }
    "call.made"({ text }: { text: string }) {
      this.send(text);
    }
  }

  it("is its own, if none is given", async () => {
    const servers = [await start({ websocket: Caller }), await start({ websocket: Caller })];
    const peers = await Promise.all(servers.map(({ port }) => RawPeer.open(port)));
    await peers[0]!.send(1, "one");
    await peers[1]!.send(1, "two");
    expect((await peers[0]!.frame()).payload.toString()).toBe("one");
    expect((await peers[1]!.frame()).payload.toString()).toBe("two");
    for (const peer of peers) peer.socket.destroy();
  });

  it("is closed with the server only if it is its own", async () => {
    const layers: Scope["layer"][] = [];
    const websocket = (scope: Scope) => {
      layers.push(scope.layer);
      return {};
    };
    const given = memoryLayer();
    for (const options of [{}, { layer: given }]) {
      const server = await start({ websocket, ...options });
      (await RawPeer.open(server.port)).socket.destroy();
      await server.close();
    }

    expect(layers[1]).toBe(given);
    const message = { type: "any.thing" } as const;
    await expect(layers[0]!.groupSend("g", message)).rejects.toMatchObject({
      code: "ERR_LAYER_CLOSED",
    });
    await given.groupSend("g", message);
    await given.close();
  });
});

describe("options of serve that cannot be used", () => {
  it.each([
    [{ ports: 1 }, 'serve has no option "ports"; did you mean "port"? It has websocket, '],
    [{ path: "/chat" }, 'serve has no option "path"'],
    [{ limits: { maxMessageSize: 0 } }, "limits.maxMessageSize is 0"],
    [{ limits: { size: 1 } }, 'limits has no option "size"'],
    [{ origins: "*" }, "origins is"],
    [{ trustProxy: ["proxy"] }, 'trustProxy: "proxy"'],
  ])("are refused by name: %j", async (options, message) => {
    await expect(serve({ websocket: echo, port: 0, ...(options as object) })).rejects.toMatchObject(
      {
        code: "ERR_INVALID_OPTION",
        message: expect.stringContaining(message) as string,
      },
    );
  });
});

describe("the log where none was given", () => {
  /** What is written to stderr, line by line. */
  function stderr(): string[] {
    const lines: string[] = [];
    const write = vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
      lines.push(...String(chunk).trimEnd().split("\n"));
      return true;
    });
    onTestFinished(() => write.mockRestore());
    return lines;
  }

  it.each([
    ["an error", new Error("no database"), { message: "no database", name: "Error" }],
    ["a number too big for JSON", 10n, "10"],
    ["nothing", undefined, undefined],
    ["what has a cycle", cycle(), undefined],
  ])(
    "is a line of JSON on stderr, also for an application that throws %s",
    async (_, thrown, shown) => {
      const lines = stderr();
      await using server = await serve({
        websocket: () => ({ open: () => Promise.reject(thrown) }),
        port: 0,
      });
      expect(await status(server.port, request())).toBe(500);
      expect(lines).toHaveLength(1);
      const { level, message, error } = JSON.parse(lines[0]!) as Record<string, unknown>;
      expect([level, message]).toEqual(["error", "websocket failed in connect"]);
      if (shown === undefined) expect(error).toBeUndefined();
      else if (typeof shown === "string") expect(error).toBe(shown);
      else expect(error).toMatchObject(shown);
    },
  );

  it("holds what a peer sent as a string, whatever it is", async () => {
    const lines = stderr();
    await using server = await serve({ websocket: echo, port: 0 });
    const Origin = 'http://evil.com"}{"level":"fatal"';
    expect(await status(server.port, request({ Origin }))).toBe(403);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: "warn", origin: Origin });
  });
});

function cycle(): object {
  const thrown: { self?: object } = {};
  thrown.self = thrown;
  return thrown;
}
