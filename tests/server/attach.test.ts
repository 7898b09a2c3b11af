import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { type Application, attach, memoryLayer, route, router, WebSocketConsumer } from "sluice";
import { RawPeer } from "sluice/testing";
import { Journal } from "./journal.ts";
import { request, status } from "./request.ts";
import { echo, listen } from "./start.ts";

/** Says a word to whoever connects. */
const saying =
  (word: string): Application =>
  (_scope, socket) => ({
    open() {
      socket.accept();
      socket.send(word);
    },
  });

async function wordAt(port: number, path: string): Promise<string> {
  const peer = await RawPeer.open(port, path);
  const { payload } = await peer.frame();
  peer.socket.destroy();
  return payload.toString();
}

describe("an application on a server that exists", () => {
  it("is there at once, whether the server listens already or not", async () => {
    const server = createServer((_asked, response) => response.end("plain"));
    const early = attach(server, { websocket: router([route("/early/", saying("early"))]) });
    const port = await listen(server);
    const late = attach(server, { websocket: router([route("/late/", saying("late"))]) });

    expect(early.connections + late.connections).toBe(0);
    expect(await wordAt(port, "/early/")).toBe("early");
    expect(await wordAt(port, "/late/")).toBe("late");
    expect(await (await fetch(`http://127.0.0.1:${port}/early/`)).text()).toBe("plain");
  });

  it("stands before those that were attached after it", async () => {
    const server = createServer();
    const port = await listen(server);
    const first = attach(server, { websocket: router([route("/", saying("first"))]) });
    attach(server, { websocket: saying("second") });

    expect(await wordAt(port, "/")).toBe("first");
    expect(await wordAt(port, "/other")).toBe("second");
    await first.close();
    expect(await wordAt(port, "/")).toBe("second");
  });

  it("counts its own connections", async () => {
    const server = createServer();
    const port = await listen(server);
    const a = attach(server, { websocket: router([route("/a/", echo)]) });
    const b = attach(server, { websocket: router([route("/b/", echo)]) });
    const peers = [await RawPeer.open(port, "/a/"), await RawPeer.open(port, "/a/")];
    expect([a.connections, b.connections]).toEqual([2, 0]);
    for (const peer of peers) peer.socket.destroy();
    await a.close();
    expect(a.connections).toBe(0);
  });

  it("detaches with close(): its connections end with 1012, the server and the others go on", async () => {
    const server = createServer((_asked, response) => response.end("plain"));
    const port = await listen(server);
    const a = attach(server, { websocket: router([route("/a/", echo)]) });
    attach(server, { websocket: router([route("/b/", echo)]) });
    const [mine, other] = [await RawPeer.open(port, "/a/"), await RawPeer.open(port, "/b/")];

    const closed = a.close({ reason: "moving house" });
    const { opcode, payload } = await mine.frame();
    expect([opcode, payload.readUInt16BE(), payload.toString("utf8", 2)]).toEqual([
      8,
      1012,
      "moving house",
    ]);
    await mine.send(8, payload.subarray(0, 2));
    await closed;

    expect(server.listening).toBe(true);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("plain");
    await other.send(1, "still here");
    expect((await other.frame()).payload.toString()).toBe("still here");
    expect(await status(port, request({}, "GET /a/ HTTP/1.1"))).toBe(404);
    other.socket.destroy();
  });

  it("leaves no listener behind, after any number of times", async () => {
    const server = createServer();
    const port = await listen(server);
    const listeners = () => server.eventNames().map((name) => [name, server.listenerCount(name)]);
    const before = listeners();
    for (let round = 0; round < 1_000; round++) {
      const attached = [attach(server, { websocket: echo }), attach(server, { websocket: echo })];
      expect(server.listenerCount("upgrade")).toBe(1);
      await Promise.all(attached.map((each) => each.close()));
    }
    expect(listeners()).toEqual(before);
    expect(server.listening).toBe(true);
    // Nobody wants upgrades any more, so this is a plain request.
    server.on("request", (_asked, response) => response.end());
    expect(await status(port, request())).toBe(200);
  });

  it("is disposed of like any other resource", async () => {
    const server = createServer();
    await listen(server);
    const attached = attach(server, { websocket: echo });
    await attached[Symbol.asyncDispose]();
    expect(server.listenerCount("upgrade")).toBe(0);
  });

  it("has the layer that it was given, and leaves it open", async () => {
    const layer = memoryLayer();
    class Listener extends WebSocketConsumer {
      override connect() {
        return this.join("news");
      }
      "news.item"({ text }: { text: string }) {
        this.send(text);
      }
    }
    const server = createServer();
    const port = await listen(server);
    const attached = attach(server, { websocket: Listener, layer });
    const peer = await RawPeer.open(port);
    await layer.groupSend("news", { type: "news.item", text: "extra" });
    expect((await peer.frame()).payload.toString()).toBe("extra");
    peer.socket.destroy();
    await attached.close();
    await layer.groupSend("news", { type: "news.item", text: "to nobody" });
    await layer.close();
  });

  it("has no layer, if it was given none, and whoever uses it is told how to give one", async () => {
    const log = new Journal();
    const websocket: Application = (_scope, socket) => ({ open: () => socket.join("news") });
    const server = createServer();
    const port = await listen(server);
    attach(server, { websocket, log });
    expect(await status(port, request())).toBe(500);
    expect(log.fields("error")).toMatchObject([
      {
        error: {
          code: "ERR_NO_LAYER",
          message:
            "there is no channel layer: give one to attach, as attach(server, { layer: memoryLayer(), … })",
        },
      },
    ]);
  });
});

describe("options of attach that cannot be used", () => {
  const attaching = (options: object) => () =>
    attach(createServer(), { websocket: echo, ...options });
  const invalid = (message: string) =>
    expect.objectContaining({
      code: "ERR_INVALID_OPTION",
      message: expect.stringContaining(message) as string,
    }) as Error;

  it.each(["port", "http", "tls", "toString", "Limits"])("%s is none of its options", (name) => {
    expect(attaching({ [name]: undefined })).toThrow(invalid(`attach has no option "${name}"`));
  });

  it.each([
    [
      { maxMessageSiz: 1 },
      'limits has no option "maxMessageSiz"; did you mean "maxMessageSize"? It has ',
    ],
    [{ maxMessageSize: 0 }, "limits.maxMessageSize is 0: it has to be a whole number above 0"],
    [{ maxMessageSize: -1 }, "limits.maxMessageSize is -1"],
    [{ pingInterval: 1.5 }, "limits.pingInterval is 1.5"],
    [{ pingInterval: Number.NaN }, "limits.pingInterval is null"],
    [{ maxHeaders: "100" }, 'limits.maxHeaders is "100"'],
    [{ constructor: 1 }, 'limits has no option "constructor"'],
  ])("limits %j", (limits, message) => {
    expect(attaching({ limits })).toThrow(invalid(message));
  });

  it.each([
    ["https://example.com", "origins is"],
    [["example.com"], 'origins contains "example.com"'],
    [{ allow: "same-host", require: true }, 'origins has an unknown field "require"'],
  ])("origins %j", (origins, message) => {
    expect(attaching({ origins })).toThrow(invalid(message));
  });

  it.each(["localhost", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/-1", "::1/129", ""])(
    "trustProxy %j",
    (entry) => {
      const message = `trustProxy: "${entry}" is neither an IP address nor a network`;
      expect(attaching({ trustProxy: [entry] })).toThrow(invalid(message));
    },
  );

  it.each([[{}], ["echo"], [null], [class {}]])("websocket %j", (websocket) => {
    expect(attaching({ websocket })).toThrow(
      expect.objectContaining({ code: "ERR_NOT_A_CONSUMER" }),
    );
  });

  it("leave nothing on the server", () => {
    const server = createServer();
    expect(() => attach(server, { websocket: echo, limits: { maxHeaders: 0 } })).toThrow();
    expect(server.listenerCount("upgrade")).toBe(0);
  });

  it("a limit that is undefined is its default", async () => {
    const server = createServer();
    const port = await listen(server);
    attach(server, { websocket: echo, limits: { maxMessageSize: undefined } as object });
    const peer = await RawPeer.open(port);
    await peer.send(2, Buffer.alloc(1024 * 1024 + 1));
    expect((await peer.frame()).payload.readUInt16BE()).toBe(1009);
    peer.socket.destroy();
  });
});
