import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type Application,
  attach,
  JsonWebSocketConsumer,
  memoryLayer,
  type Middleware,
  route,
  router,
  type Scope,
  silentLogger,
  stack,
  streams,
  WebSocketConsumer,
  widen,
  worker,
} from "sluice";
import {
  communicator,
  FakeClock,
  liveServer,
  RawPeer,
  recorder,
  upgradeRequest,
} from "sluice/testing";
import { describe, expect, it, vi } from "vitest";

describe("what the map promises where Channels has a trap", () => {
  it("a layer message that nobody handles is reported, and the connection goes on", async () => {
    const layer = memoryLayer();
    class Member extends WebSocketConsumer {
      static override readonly groups = ["all"];
      "a.known"() {
        this.send("known");
      }
    }
    const member = communicator(Member, { layer });
    await member.connect();
    await layer.groupSend("all", { type: "a.stranger" });
    await layer.groupSend("all", { type: "a.known" });
    await expect(member.receive()).rejects.toMatchObject({ code: "ERR_EVENT_NOT_HANDLED" });
    expect(await member.receive()).toBe("known");
  });

  it("no message reaches a method without a dot", async () => {
    await expect(
      memoryLayer().groupSend("all", { type: "connect" as "a.b" }),
    ).rejects.toMatchObject({ code: "ERR_EVENT_TYPE" });
  });

  it("an error in receive closes with 1011, and disconnect runs once, after the groups are left", async () => {
    const layer = recorder();
    const said: unknown[] = [];
    class Faulty extends WebSocketConsumer {
      override async connect() {
        await this.join("room");
      }
      override receive() {
        throw new Error("a bug");
      }
      override disconnect(code: number, reason: string) {
        said.push([code, reason, layer.members("room")]);
        throw new Error("another bug");
      }
    }
    const client = communicator(Faulty, { layer });
    await client.connect();
    expect(layer.members("room")).toHaveLength(1);
    client.send("go");
    expect(await client.closed()).toMatchObject({ code: 1011 });
    await client.disconnect();
    expect(said).toEqual([[1011, "internal error", []]]);
  });

  it("a handler that hangs hears of the end by its signal, and disconnect runs all the same", async () => {
    const clock = new FakeClock();
    const said: string[] = [];
    class Hanging extends WebSocketConsumer {
      override receive() {
        this.signal.addEventListener("abort", () => said.push("signal"));
        return new Promise<void>(() => {});
      }
      override disconnect() {
        said.push("disconnect");
      }
    }
    const client = communicator(Hanging, { clock });
    await client.connect();
    client.send("go");
    const gone = client.disconnect();
    expect(said).toEqual(["signal"]);
    clock.advance(10_000);
    await gone;
    expect(said).toEqual(["signal", "disconnect"]);
    expect(client.errors).toMatchObject([{ error: { code: "ERR_HANDLER_TIMEOUT" } }]);
  });

  it("a client's reason reaches disconnect", async () => {
    const disconnect = vi.fn();
    const client = communicator(() => ({ disconnect }));
    await client.connect();
    await client.disconnect(4000, "seen enough");
    expect(disconnect).toHaveBeenCalledExactlyOnceWith(4000, "seen enough");
  });

  it("an empty message is a message", async () => {
    class Sizes extends WebSocketConsumer {
      override receive(text: string) {
        this.send(`${text.length} characters`);
      }
      override receiveBytes(bytes: Uint8Array) {
        this.send(`${bytes.length} bytes`);
      }
    }
    const client = communicator(Sizes);
    await client.connect();
    client.send("");
    client.send(new Uint8Array());
    expect([await client.receive(), await client.receive()]).toEqual(["0 characters", "0 bytes"]);
  });

  it.each([
    ["text that is not JSON", "{", 1007],
    ["empty text", "", 1007],
    ["bytes", new Uint8Array(1), 1003],
  ])("the JSON consumer closes at %s, which is no 1011", async (_what, message, code) => {
    class Json extends JsonWebSocketConsumer {
      override receiveJson(value: unknown) {
        this.sendJson(value);
      }
    }
    const client = communicator(Json);
    await client.connect();
    client.sendJson({ a: 1 });
    expect(await client.receiveJson()).toEqual({ a: 1 });
    client.send(message);
    expect(await client.closed()).toMatchObject({ code });
  });

  it("a router wrapped in middleware still nests, with the outer parameters", async () => {
    const plain: Middleware = (inner) => (scope, socket) => inner(scope, socket);
    type Both = Scope & { readonly params: { readonly shop: string; readonly item: string } };
    class Item extends WebSocketConsumer<Both> {
      override receive() {
        this.send(`${this.params.shop}/${this.params.item}`);
      }
    }
    const inner = stack(plain, router([route(/\/(?<item>\w+)\//, Item)]));
    const app = router([route("/:shop/", inner)]);
    const client = communicator(app, { path: "/tea/green/" });
    await client.connect();
    client.send("?");
    expect(await client.receive()).toBe("tea/green");
    const lost = await communicator(app, { path: "/tea/green/more/" }).connect();
    expect(lost).toMatchObject({ accepted: false, status: 404 });
  });

  it("a scope cannot be changed, only widened", async () => {
    let scope: Scope | undefined;
    const client = communicator((given) => {
      scope = given;
      return {};
    });
    await client.connect();
    const wider = widen(scope!, { user: "alice" });
    expect(wider.user).toBe("alice");
    expect(scope).not.toHaveProperty("user");
    expect(() => Object.assign(scope!, { user: "mallory" })).toThrow(TypeError);
  });

  it("a test that waits in vain does not kill what it tests", async () => {
    class Echo extends WebSocketConsumer {
      override receive(text: string) {
        this.send(text);
      }
    }
    const client = communicator(Echo);
    await client.connect();
    await expect(client.receive(1)).rejects.toMatchObject({ code: "ERR_TEST_TIMEOUT" });
    client.send("still there?");
    expect(await client.receive()).toBe("still there?");
  });

  it("a worker reads what was sent to it in memory, too", async () => {
    const layer = memoryLayer();
    await layer.send("thumbnails", { type: "thumbnails.make", id: 7 });
    const made: unknown[] = [];
    await using _ = worker({ "thumbnails.make": ({ id }) => void made.push(id) }, layer);
    await vi.waitFor(() => expect(made).toEqual([7]));
  });

  it("streams are closed when all of them are", async () => {
    class Once extends WebSocketConsumer {
      override receive() {
        this.close();
      }
    }
    const client = communicator(streams({ a: Once, b: Once }));
    await client.connect();
    client.sendJson({ stream: "a", payload: 1 });
    expect(await client.receiveJson()).toMatchObject({ stream: "a", closed: { code: 1000 } });
    client.sendJson({ stream: "b", payload: 1 });
    expect(await client.closed()).toMatchObject({ code: 1000 });
  });
});

describe("what the map promises where Daphne has a trap", () => {
  it.each([
    ["accept with headers", "/accept", 101],
    ["refuse with a status, headers and a body", "/reject", 418],
  ])("an application can %s", async (_what, path, status) => {
    const app: Application = (scope, socket) => ({
      open() {
        const headers = { "x-tea": "green" };
        if (scope.path === "/accept") socket.accept({ headers });
        else socket.reject(418, { headers, body: "short and stout" });
      },
    });
    await using server = await liveServer({ websocket: app });
    const peer = await RawPeer.connect(server.port);
    await peer.write(upgradeRequest(path));
    const response = await peer.response();
    expect([response.status, response.headers.get("x-tea")]).toEqual([status, "green"]);
    if (status !== 101) expect(response.body).toBe("short and stout");
    peer.reset();
  });

  it("a header that would be two is refused where it was written", async () => {
    const client = communicator((_scope, socket) => ({
      open: () => socket.accept({ headers: { "x-tea": "green\r\nset-cookie: a=b" } }),
    }));
    expect(await client.connect()).toMatchObject({ accepted: false, status: 500 });
    expect(client.errors).toMatchObject([{ error: { code: "ERR_HEADER" } }]);
  });

  it("a close carries its reason, and a server that goes says 1012", async () => {
    await using server = await liveServer({
      websocket: (_scope, socket) => ({ text: () => socket.close(4000, "enough") }),
    });
    const one = await RawPeer.open(server.port);
    await one.send(1, "close, please");
    const { payload } = await one.frame();
    expect([payload.readUInt16BE(), payload.toString("utf8", 2)]).toEqual([4000, "enough"]);
    one.reset();
    const other = await RawPeer.open(server.port);
    const closed = server.close();
    const farewell = await other.frame();
    expect(farewell.payload.readUInt16BE()).toBe(1012);
    await other.send(8, farewell.payload);
    await closed;
  });

  it("a consumer with groups but no layer is refused with a 500 that the log explains", async () => {
    class Member extends WebSocketConsumer {
      static override readonly groups = ["all"];
    }
    const http = createServer();
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const sockets = attach(http, { websocket: Member, onError, log: silentLogger });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const peer = await RawPeer.connect((http.address() as AddressInfo).port);
    await peer.write(upgradeRequest("/"));
    expect((await peer.response()).status).toBe(500);
    expect(errors).toMatchObject([{ code: "ERR_NO_LAYER" }]);
    await sockets.close({ timeout: 0 });
    http.close();
  });

  it("plain HTTP at a socket's address is told to upgrade, and elsewhere finds nothing", async () => {
    await using server = await liveServer({ websocket: router([route("/x1/", () => ({}))]) });
    expect((await fetch(`${server.url}/x1/`)).status).toBe(426);
    const response = await fetch(`${server.url}/x2/`);
    expect([response.status, response.headers.get("server")]).toEqual([404, null]);
  });
});
